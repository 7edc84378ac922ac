import { useQuery } from "@tanstack/react-query";
import { Braces, ListChecks, Plus, Sparkles } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { Alert, Button, Field, Menu, MenuItem, QueryView, Skeleton, Textarea } from "@/components";
import { lineRange, type Problem } from "@/features/buckets/policies";
import { emptyStatement, placeOf, readForm, writeForm, type Form, type Statement } from "./document";
import { added, exampleOf, examples } from "./examples";
import s from "./Policy.module.css";
import { languageQuery } from "./queries";
import { StatementCard } from "./StatementCard";

type PolicyEditorProps = {
  label: string;
  hint: string;
  text: string;
  onChange: (text: string) => void;
  readOnly: boolean;
  /** Whose policy it is; none for policies of users. */
  bucket?: string;
  /** It says who may assume a role. */
  trust?: boolean;
  /** What the server said is wrong with this text. */
  problem?: Problem;
};

/**
 * PolicyEditor edits a policy as cards or as text. The text is what is kept: as long as
 * nothing is changed in the cards it stays to the letter.
 */
export function PolicyEditor({ label, hint, text, onChange, readOnly, bucket, trust, problem }: PolicyEditorProps) {
  const { t } = useTranslation("policies");
  const me = useMe();
  const language = useQuery(languageQuery);
  const area = useRef<HTMLTextAreaElement>(null);
  const purpose = trust ? "trust" : bucket === undefined ? "identity" : "bucket";
  const read = readForm(text, purpose);
  const empty = "reason" in read && read.reason.why === "empty";
  const [wantsText, setWantsText] = useState(false);
  const visual = !wantsText && ("form" in read || empty);
  const form: Form = "form" in read ? read.form : { version: "2012-10-17", id: "", statements: [] };
  const place = problem && placeOf(problem.path);
  const said =
    problem &&
    t("problem", { line: problem.line, column: problem.column, path: problem.path || t("whole"), message: problem.message });
  const set = (statements: Statement[]) =>
    onChange(statements.length === 0 ? "" : writeForm({ ...form, version: form.version || (empty ? "2012-10-17" : ""), statements }));
  const jump = () => {
    if (!problem || !area.current) return;
    area.current.focus();
    area.current.setSelectionRange(...lineRange(area.current.value, problem.line));
  };
  return (
    <div className={s.editor}>
      <div className={s.bar}>
        <Button
          size="sm"
          icon={visual ? <Braces size={15} /> : <ListChecks size={15} />}
          disabled={!visual && !("form" in read) && !empty}
          onClick={() => setWantsText(visual)}
        >
          {readOnly ? t(visual ? "showText" : "showForm") : t(visual ? "asText" : "asForm")}
        </Button>
        {!readOnly && bucket !== undefined && (visual || "form" in read) && (
          <Menu
            trigger={
              <Button size="sm" icon={<Sparkles size={15} />}>
                {t("examples.title")}
              </Button>
            }
          >
            {examples.map((example) => (
              <MenuItem
                key={example}
                onSelect={() => set(added(form.statements, exampleOf(example, bucket, me.name)))}
              >
                {t(`examples.${example}`)}
              </MenuItem>
            ))}
          </Menu>
        )}
      </div>
      {visual ? (
        <QueryView query={language} skeleton={<Skeleton width="100%" height={240} radius={11} />}>
          {(words) => (
            <>
              {form.statements.length === 0 && <p className={s.hint}>{bucket === undefined ? t("emptyPlain") : t("empty")}</p>}
              {form.statements.map((statement, index) => (
                <StatementCard
                  key={index}
                  number={index + 1}
                  statement={statement}
                  language={words}
                  bucket={bucket}
                  readOnly={readOnly}
                  problem={place?.statement === index && problem ? { ...place, message: problem.message } : undefined}
                  onChange={(next) => set(form.statements.with(index, next))}
                  onRemove={() => set(form.statements.toSpliced(index, 1))}
                />
              ))}
              {!place && said !== undefined && <Alert tone="danger">{said}</Alert>}
              {!readOnly && (
                <div>
                  <Button
                    icon={<Plus size={16} />}
                    onClick={() => set([...form.statements, emptyStatement(purpose, bucket ?? "")])}
                  >
                    {t("statement.add")}
                  </Button>
                </div>
              )}
            </>
          )}
        </QueryView>
      ) : (
        <>
          {"reason" in read && !empty && <Alert>{t(`reasons.${read.reason.why}`, { what: read.reason.what })}</Alert>}
          <Field label={label} hint={hint} error={said}>
            <Textarea
              mono
              ref={area}
              className={s.text}
              rows={Math.min(28, Math.max(10, text.split("\n").length + 1))}
              spellCheck={false}
              autoCapitalize="off"
              value={text}
              readOnly={readOnly}
              onChange={(event) => onChange(event.target.value)}
            />
          </Field>
          {problem && (
            <div>
              <Button size="sm" onClick={jump}>
                {t("jump", { line: problem.line })}
              </Button>
            </div>
          )}
        </>
      )}
    </div>
  );
}
