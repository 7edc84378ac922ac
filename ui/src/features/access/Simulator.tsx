import { useMutation, useQuery } from "@tanstack/react-query";
import { Check, ShieldQuestion, X } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { usersQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { SimulatedAnswer, SimulationRequest } from "@/api/types";
import { Alert, Badge, Button, Card, EmptyState, Field, Input, QueryView, Select, Skeleton, Textarea } from "@/components";
import { languageQuery } from "./queries";
import { factsOf } from "./facts";
import s from "./Simulator.module.css";
import { nameOf, reasonOf } from "./verdict";

/** What is asked about when nothing is chosen: what people do all day. */
const common = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetObjectVersion", "s3:PutBucketPolicy"];
const placeholders = {
  object: "docs/report.pdf",
  address: "192.0.2.7",
  key: "AKIA…",
  role: "backup",
  session: "night",
  provider: "id.example.com/realms/team",
  facts: "s3:prefix = docs/\ns3:ExistingObjectTag/team = web",
};

type Props = {
  /** Left out, it is asked for. */
  bucket?: string;
  /** The questions are about oneself and one's access keys: anybody may ask these. */
  own: boolean;
};

/** Simulator asks what a request would be answered, and shows why. */
export function Simulator({ bucket: given, own }: Props) {
  const { t } = useTranslation("simulator");
  const me = useMe();
  const users = useQuery({ ...usersQuery, enabled: !own }).data ?? [];
  const [named, setNamed] = useState("");
  const bucket = given ?? named.trim();
  const language = useQuery(languageQuery);
  const [who, setWho] = useState<SimulationRequest["who"]>("user");
  const [user, setUser] = useState(me.name);
  const [key, setKey] = useState("");
  const [role, setRole] = useState("");
  const [session, setSession] = useState("");
  const [provider, setProvider] = useState("");
  const [action, setAction] = useState("");
  const [object, setObject] = useState("");
  const [address, setAddress] = useState("");
  const [secure, setSecure] = useState("");
  const [more, setMore] = useState("");
  const facts = factsOf(more);
  const ask = useMutation({
    mutationFn: () => {
      const request = {
        actions: action ? [action] : common,
        object: object || "example.txt",
        facts: {
          ...facts.facts,
          ...(address.trim() ? { "aws:SourceIp": [address.trim()] } : {}),
          ...(secure ? { "aws:SecureTransport": [secure] } : {}),
        },
      };
      if (own) return body(api.POST("/api/v1/me/simulate", { body: { bucket, ...(who === "key" ? { key: key.trim() } : {}), ...request } }));
      return body(
        api.POST("/api/v1/buckets/{bucket}/simulate", {
          params: { path: { bucket } },
          body: {
            who,
            ...(who === "user" ? { user } : {}),
            ...(who === "key" ? { key: key.trim() } : {}),
            ...(who === "role" ? { role: role.trim(), session: session.trim(), provider: provider.trim() } : {}),
            ...request,
          },
        }),
      );
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <div className={s.columns}>
      <form onSubmit={submit} onChange={() => ask.reset()}>
        <Card
          title={own ? t("own.question") : t("question")}
          footer={
            <Button
              type="submit"
              variant="primary"
              busy={ask.isPending}
              disabled={
                facts.wrong !== undefined ||
                bucket === "" ||
                (who === "key" && key.trim() === "") ||
                (who === "role" && role.trim() === "" && provider.trim() === "")
              }
            >
              {t("ask")}
            </Button>
          }
        >
          <div className={s.form}>
            {given === undefined && (
              <Field label={t("own.bucket")}>
                <Input mono autoComplete="off" autoCapitalize="off" spellCheck={false} value={named} onChange={(event) => setNamed(event.target.value)} />
              </Field>
            )}
            <Field label={t("who")}>
              <Select value={who} onChange={(event) => setWho(event.target.value as SimulationRequest["who"])}>
                <option value="user">{own ? t("own.me") : t("whoUser")}</option>
                {!own && <option value="nobody">{t("whoNobody")}</option>}
                <option value="key">{own ? t("own.key") : t("whoKey")}</option>
                {!own && <option value="role">{t("whoRole")}</option>}
              </Select>
            </Field>
            {who === "user" && !own && (
              <Field label={t("user")}>
                <Select value={user} onChange={(event) => setUser(event.target.value)}>
                  {users.map((one) => (
                    <option key={one.id} value={one.name}>
                      {one.displayName ? `${one.displayName} (@${one.name})` : one.name}
                    </option>
                  ))}
                </Select>
              </Field>
            )}
            {who === "key" && (
              <Field label={t("key")} hint={me.admin && !own ? t("keyHintAdmin") : t("keyHint")}>
                <Input mono autoComplete="off" placeholder={placeholders.key} value={key} onChange={(event) => setKey(event.target.value)} />
              </Field>
            )}
            {who === "role" && (
              <>
                <Field label={t("role")} hint={t("roleHint")}>
                  <Input mono autoComplete="off" autoCapitalize="off" placeholder={placeholders.role} value={role} onChange={(event) => setRole(event.target.value)} />
                </Field>
                <Field label={t("session")} optional hint={t("sessionHint")}>
                  <Input mono autoComplete="off" autoCapitalize="off" placeholder={placeholders.session} value={session} onChange={(event) => setSession(event.target.value)} />
                </Field>
                <Field label={t("provider")} optional hint={t("providerHint")}>
                  <Input mono autoComplete="off" autoCapitalize="off" placeholder={placeholders.provider} value={provider} onChange={(event) => setProvider(event.target.value)} />
                </Field>
              </>
            )}
            <QueryView query={language} skeleton={<Skeleton width="100%" height={60} />}>
              {({ actions }) => (
                <Field label={t("action")}>
                  <Select value={action} onChange={(event) => setAction(event.target.value)}>
                    <option value="">{t("common")}</option>
                    {actions
                      .filter((one) => one.asked)
                      .map((one) => (
                        <option key={one.name}>{one.name}</option>
                      ))}
                  </Select>
                </Field>
              )}
            </QueryView>
            <Field label={t("object")} optional hint={t("objectHint")}>
              <Input
                mono
                autoComplete="off"
                spellCheck={false}
                placeholder={placeholders.object}
                value={object}
                onChange={(event) => setObject(event.target.value)}
              />
            </Field>
            <details className={s.more}>
              <summary>{t("circumstances")}</summary>
              <div className={s.form}>
                <Field label={t("address")} optional hint={t("addressHint")}>
                  <Input mono placeholder={placeholders.address} value={address} onChange={(event) => setAddress(event.target.value)} />
                </Field>
                <Field label={t("tls")}>
                  <Select value={secure} onChange={(event) => setSecure(event.target.value)}>
                    <option value="">{t("tlsAsNow")}</option>
                    <option value="true">{t("tlsYes")}</option>
                    <option value="false">{t("tlsNo")}</option>
                  </Select>
                </Field>
                <Field
                  label={t("facts")}
                  optional
                  hint={t("factsHint")}
                  error={facts.wrong === undefined ? undefined : t("factsWrong", { line: facts.wrong })}
                >
                  <Textarea
                    mono
                    rows={3}
                    spellCheck={false}
                    autoCapitalize="off"
                    placeholder={placeholders.facts}
                    value={more}
                    onChange={(event) => setMore(event.target.value)}
                  />
                </Field>
              </div>
            </details>
          </div>
        </Card>
      </form>
      <div aria-live="polite" className={s.answers}>
        {ask.isError && <Alert tone="danger">{errorText(ask.error)}</Alert>}
        {ask.data ? (
          ask.data.items.map((one) => <Answer key={one.action} answer={one} own={own} open={ask.data.items.length === 1} />)
        ) : (
          !ask.isError && (
            <EmptyState icon={<ShieldQuestion size={22} />} title={t("none")}>
              <p>{own ? t("own.noneHint") : t("noneHint")}</p>
            </EmptyState>
          )
        )}
      </div>
    </div>
  );
}

function Answer({ answer, own, open }: { answer: SimulatedAnswer; own: boolean; open: boolean }) {
  const { t } = useTranslation("simulator");
  return (
    <section className={s.answer} aria-label={answer.action} data-allowed={answer.allowed}>
      <div className={s.head}>
        {answer.allowed ? <Check size={17} className={s.yes} aria-hidden /> : <X size={17} className={s.no} aria-hidden />}
        <code>{answer.action}</code>
        <Badge tone={answer.allowed ? "ok" : "danger"}>{answer.allowed ? t("yes") : t("no")}</Badge>
      </div>
      <p>{reasonOf(answer, t, own)}</p>
      {answer.statements.length > 0 && (
        <details className={s.more} open={open}>
          <summary>{t("statements", { count: answer.statements.length })}</summary>
          <ul className={s.steps}>
            {answer.statements.map((one, index) => (
              <li key={index} data-decided={index === answer.decided}>
                <Badge tone={!one.applies ? "idle" : one.effect === "Deny" ? "danger" : "ok"}>
                  {one.applies ? t(`effect.${one.effect}`) : t("effect.none")}
                </Badge>
                <span>
                  {nameOf(one, t)}
                  {one.part && <small>{one.condition ? t("misses.condition", { condition: one.condition }) : t(`misses.${one.part}`)}</small>}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
