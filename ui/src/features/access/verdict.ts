import type { TFunction } from "i18next";
import type { SimulatedAnswer, SimulatedStatement } from "@/api/types";

/** nameOf is a statement in words: its policy, its Sid or line. */
export function nameOf(one: SimulatedStatement, t: TFunction<"simulator">): string {
  const [kind = "", ...rest] = one.source.split("/");
  const source =
    kind === "bucket" || kind === "credential"
      ? t(`source.${kind}`)
      : t("simulator:source.named", { name: rest.join("/") || kind });
  return one.sid
    ? t("simulator:statement.sid", { sid: one.sid, line: one.line, source })
    : t("simulator:statement.line", { line: one.line, source });
}

/** reasonOf says in a sentence what decided; own, to whom it is about. */
export function reasonOf(answer: SimulatedAnswer, t: TFunction<"simulator">, own = false): string {
  const decided = answer.statements[answer.decided];
  const statement = decided ? nameOf(decided, t) : "";
  const role = (name: string | undefined) => (name ? t(`common:role.${name as "viewer"}`) : "");
  switch (answer.by) {
    case "administrator":
      return own ? t("simulator:own.administrator") : t("simulator:by.administrator");
    case "policy":
      // Who may not read the policy is not shown its statements.
      if (statement === "") return answer.allowed ? t("simulator:by.policyAllows") : t("simulator:by.policyDenies");
      return answer.allowed ? t("simulator:by.allowed", { statement }) : t("simulator:by.denied", { statement });
    case "own":
      if (statement === "") return t("simulator:by.hidden");
      return answer.allowed ? t("simulator:by.allowed", { statement }) : t("simulator:by.denied", { statement });
    case "role":
      if (answer.allowed) return t(own ? "simulator:own.role" : "simulator:by.role", { role: role(answer.role) });
      if (answer.code === "unauthenticated") return t("simulator:by.nobody");
      return answer.role
        ? t(own ? "simulator:own.roleTooLow" : "simulator:by.roleTooLow", { role: role(answer.role), needs: role(answer.needs) })
        : own
          ? t("simulator:own.stranger")
          : t("simulator:by.stranger");
    case "acl":
      return t("simulator:by.acl");
    case "block":
      return t("simulator:by.block", { statement });
    case "credential":
      return t("simulator:by.credential");
    case "narrowed":
      return t("simulator:by.narrowed");
    case "system":
      return answer.allowed ? t("simulator:by.systemRead") : t("simulator:by.system");
    case "disabled":
      return t("simulator:by.disabled");
    case "key_disabled":
      return t("simulator:by.keyDisabled");
    case "key_expired":
      return t("simulator:by.keyExpired");
    case "unasked":
      return t("simulator:by.unasked");
    case "unknown":
      return t("simulator:by.unknown");
  }
}
