// The statements of a policy as a form shows them, and back to JSON. Whatever the form
// cannot show is not guessed at: reading says why, and the text stays as it is.

/** Whom a statement is for. Federated are providers of OpenID Connect, which only trust policies name. */
export type Who = { kind: "everybody" | "users" | "named" | "federated"; names: string[]; not: boolean };
export type Condition = { operator: string; key: string; values: string[] };
export type Statement = {
  sid: string;
  effect: "Allow" | "Deny";
  /** Absent in policies of users, which are for whom they are attached to. */
  who?: Who;
  actions: string[];
  notActions: boolean;
  resources: string[];
  notResources: boolean;
  conditions: Condition[];
  /** It is of a trust policy, whose resource is its role. */
  trust?: true;
};
export type Form = { version: string; id: string; statements: Statement[] };

/** Why a text cannot be shown as a form: a key of the locale's reasons, and what it is about. */
export type Reason = { why: "empty" | "json" | "twice" | "shape" | "element" | "who"; what: string };

/** What a policy is for: those of buckets and roles' trust name whom they are for, the others do not. */
export type Purpose = "bucket" | "identity" | "trust";

export const account = "000000000000";
export const userARN = (name: string) => `arn:aws:iam::${account}:user/${name}`;
const providerARN = (name: string) => `arn:aws:iam::${account}:oidc-provider/${name}`;
export const bucketARN = (bucket: string) => `arn:aws:s3:::${bucket}`;

class Unshown extends Error {
  constructor(readonly reason: Reason) {
    super(reason.why);
  }
}

/** readForm reads a text. */
export function readForm(text: string, purpose: Purpose): { form: Form } | { reason: Reason } {
  try {
    return { form: form(text, purpose) };
  } catch (error) {
    if (error instanceof Unshown) return { reason: error.reason };
    return { reason: { why: "json", what: error instanceof Error ? error.message : "" } };
  }
}

function form(text: string, purpose: Purpose): Form {
  if (text.trim() === "") throw new Unshown({ why: "empty", what: "" });
  const root = object(JSON.parse(text), "");
  const twice = repeated(text);
  if (twice !== undefined) throw new Unshown({ why: "twice", what: twice });
  only(root, ["Version", "Id", "Statement"], "");
  const all = root.Statement === undefined ? [] : Array.isArray(root.Statement) ? root.Statement : [root.Statement];
  return {
    version: optional(root, "Version", ""),
    id: optional(root, "Id", ""),
    statements: all.map((one, index) => statement(one, `Statement[${index}]`, purpose)),
  };
}

function statement(value: unknown, path: string, purpose: Purpose): Statement {
  const s = object(value, path);
  only(
    s,
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"],
    path,
  );
  const effect = optional(s, "Effect", path);
  if (effect !== "Allow" && effect !== "Deny") throw new Unshown({ why: "shape", what: `${path}.Effect` });
  const either = (name: string) => {
    if (s[name] !== undefined && s[`Not${name}`] !== undefined) throw new Unshown({ why: "shape", what: `${path}.Not${name}` });
    return s[`Not${name}`] !== undefined;
  };
  const [notActions, notResources, notWho] = [either("Action"), either("Resource"), either("Principal")];
  const named = s.Principal ?? s.NotPrincipal;
  const trust = purpose === "trust";
  if (trust && (s.Resource ?? s.NotResource) !== undefined) throw new Unshown({ why: "element", what: `${path}.Resource` });
  if ((named === undefined) !== (purpose === "identity")) throw new Unshown({ why: "shape", what: `${path}.Principal` });
  return {
    sid: optional(s, "Sid", path),
    effect,
    ...(named === undefined ? {} : { who: { ...who(named, `${path}.Principal`, trust), not: notWho } }),
    ...(trust ? { trust: true as const } : {}),
    actions: texts(s.Action ?? s.NotAction ?? [], `${path}.Action`),
    notActions,
    resources: texts(s.Resource ?? s.NotResource ?? [], `${path}.Resource`),
    notResources,
    conditions: conditions(s.Condition, `${path}.Condition`),
  };
}

function who(value: unknown, path: string, trust: boolean): Omit<Who, "not"> {
  if (value === "*") return { kind: "everybody", names: [] };
  const p = object(value, path);
  if (trust && p.Federated !== undefined) {
    only(p, ["Federated"], path);
    const begins = providerARN("");
    const providers = texts(p.Federated, path);
    return { kind: "federated", names: providers.map((one) => (one.startsWith(begins) ? one.slice(begins.length) : one)) };
  }
  only(p, ["AWS"], path);
  const names = texts(p.AWS ?? [], path);
  if (names.length === 1 && names[0] === "*") return { kind: "everybody", names: [] };
  if (names.length === 1 && (names[0] === account || names[0] === `arn:aws:iam::${account}:root`)) {
    return { kind: "users", names: [] };
  }
  if (names.includes("*") || names.includes(account)) throw new Unshown({ why: "who", what: path });
  return { kind: "named", names: names.map((name) => (name.startsWith(userARN("")) ? name.slice(userARN("").length) : name)) };
}

function conditions(value: unknown, path: string): Condition[] {
  if (value === undefined) return [];
  return Object.entries(object(value, path)).flatMap(([operator, keys]) =>
    Object.entries(object(keys, `${path}.${operator}`)).map(([key, values]) => ({
      operator,
      key,
      values: (Array.isArray(values) ? values : [values]).map((one: unknown) => {
        if (typeof one !== "string" && typeof one !== "number" && typeof one !== "boolean") {
          throw new Unshown({ why: "shape", what: `${path}.${operator}.${key}` });
        }
        return String(one);
      }),
    })),
  );
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Unshown({ why: "shape", what: path });
  return value as Record<string, unknown>;
}

function only(value: Record<string, unknown>, names: string[], path: string) {
  const other = Object.keys(value).find((name) => !names.includes(name));
  if (other !== undefined) throw new Unshown({ why: "element", what: path ? `${path}.${other}` : other });
}

function optional(value: Record<string, unknown>, name: string, path: string): string {
  const found = value[name];
  if (found === undefined) return "";
  if (typeof found !== "string") throw new Unshown({ why: "shape", what: path ? `${path}.${name}` : name });
  return found;
}

function texts(value: unknown, path: string): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (typeof one !== "string") throw new Unshown({ why: "shape", what: path });
    return one;
  });
}

/** repeated is a member that an object of the text has twice, of which JSON.parse would lose one. */
function repeated(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, string] of text.matchAll(/("(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (string !== undefined) {
      const name = JSON.parse(string) as string;
      const names = open.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    }
  }
  return undefined;
}

/** writeForm is the text of a form. */
export function writeForm(f: Form): string {
  return JSON.stringify(
    {
      ...(f.version === "" ? {} : { Version: f.version }),
      ...(f.id === "" ? {} : { Id: f.id }),
      Statement: f.statements.map((s) => ({
        ...(s.sid === "" ? {} : { Sid: s.sid }),
        Effect: s.effect,
        ...(s.who ? { [s.who.not ? "NotPrincipal" : "Principal"]: principal(s.who) } : {}),
        [s.notActions ? "NotAction" : "Action"]: s.actions.length === 1 ? s.actions[0] : s.actions,
        ...(s.trust ? {} : { [s.notResources ? "NotResource" : "Resource"]: s.resources.length === 1 ? s.resources[0] : s.resources }),
        ...(s.conditions.length === 0 ? {} : { Condition: gathered(s.conditions) }),
      })),
    },
    null,
    2,
  );
}

function principal(w: Who): unknown {
  if (w.kind === "everybody") return "*";
  if (w.kind === "users") return { AWS: account };
  if (w.kind === "federated") {
    const all = w.names.map((name) => (name.startsWith("arn:") ? name : providerARN(name)));
    return { Federated: all.length === 1 ? (all[0] ?? "") : all };
  }
  return { AWS: w.names.map((name) => (name.startsWith("arn:") ? name : userARN(name))) };
}

function gathered(list: Condition[]) {
  const out: Record<string, Record<string, string | string[]>> = {};
  for (const { operator, key, values } of list) {
    const keys = (out[operator] ??= {});
    // JSON has one place for an operator and a key: what stands there twice is put together.
    const all = [keys[key] ?? [], values].flat();
    keys[key] = all.length === 1 ? (all[0] ?? "") : all;
  }
  return out;
}

/** assuming is the action by which those whom a trust policy names put the role on. */
export function assuming(kind: Who["kind"]): string {
  return kind === "federated" ? "sts:AssumeRoleWithWebIdentity" : "sts:AssumeRole";
}

/** trusting changes whom a statement of a trust policy is for, and the action with it where it was the usual one. */
export function trusting(s: Statement, who: Who): Statement {
  const usual = s.actions.length === 1 && s.actions[0] === assuming(s.who?.kind ?? "named");
  return { ...s, who, actions: usual || s.actions.length === 0 ? [assuming(who.kind)] : s.actions };
}

/** emptyStatement is what a new card begins with. */
export function emptyStatement(purpose: Purpose, bucket: string): Statement {
  return {
    sid: "",
    effect: "Allow",
    ...(purpose === "identity" ? {} : { who: { kind: "named", names: [], not: false } }),
    ...(purpose === "trust" ? { trust: true } : {}),
    actions: purpose === "trust" ? [assuming("named")] : [],
    notActions: false,
    resources: purpose === "trust" ? [] : [purpose === "bucket" ? `${bucketARN(bucket)}/*` : "arn:aws:s3:::*"],
    notResources: false,
    conditions: [],
  };
}

/** Resources of a bucket's policy as people think of them. */
export type Reach = { itself: boolean; keys: string[]; others: string[] };

export function reachOf(resources: string[], bucket: string): Reach {
  const arn = bucketARN(bucket);
  return {
    itself: resources.includes(arn),
    keys: resources.filter((one) => one.startsWith(`${arn}/`)).map((one) => one.slice(arn.length + 1)),
    others: resources.filter((one) => one !== arn && !one.startsWith(`${arn}/`)),
  };
}

export function resourcesOf(reach: Reach, bucket: string): string[] {
  const arn = bucketARN(bucket);
  return [...(reach.itself ? [arn] : []), ...reach.keys.map((key) => `${arn}/${key}`), ...reach.others];
}

/** Where a problem of a policy belongs in the form. */
export type Place = { statement: number; part: string; condition: string };

/** placeOf reads the path of a problem: "Statement[0].Condition.IpAddress.aws:SourceIp". */
export function placeOf(path: string): Place | undefined {
  const found = /^Statement\[(\d+)\](?:\.([A-Za-z]+)(?:\.(.*))?)?$/.exec(path);
  if (!found) return undefined;
  return { statement: Number(found[1]), part: (found[2] ?? "").replace(/^Not/, ""), condition: found[3] ?? "" };
}
