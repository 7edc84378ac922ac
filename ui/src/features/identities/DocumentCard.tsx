import { Pencil } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Alert, Button, Card, toast } from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import s from "./Identities.module.css";
import { problemOf } from "./problem";
import { useChange } from "./queries";

type DocumentCardProps = {
  title: string;
  description: string;
  /** What the document is, and how it is written. */
  label: string;
  hint: string;
  trust?: boolean;
  /** What it says now. */
  document: string;
  readOnly?: boolean;
  /** Why it cannot be saved. */
  blocked?: string;
  /** The verb of its button. */
  action: string;
  save: (document: string) => Promise<unknown>;
  /** Below the document while it is edited, and while it is not. */
  options?: ReactNode;
  children?: ReactNode;
};

/** DocumentCard shows a policy and has it changed. */
export function DocumentCard(props: DocumentCardProps) {
  const { title, description, label, hint, trust, document, readOnly = false, blocked, action, save, options, children } = props;
  const { t } = useTranslation("identities");
  const [text, setText] = useState<string>();
  const change = useChange(save);
  const problem = problemOf(change.error);
  const editing = text !== undefined;
  const end = () => {
    change.reset();
    setText(undefined);
  };
  return (
    <Card
      title={title}
      description={description}
      actions={
        !readOnly &&
        !editing && (
          <Button size="sm" icon={<Pencil size={15} />} onClick={() => setText(document)}>
            {t("edit")}
          </Button>
        )
      }
      footer={
        editing ? (
          <div className={s.buttons}>
            <Button onClick={end}>{t("common:cancel")}</Button>
            <Button
              variant="primary"
              busy={change.isPending}
              disabled={blocked !== undefined || text.trim() === "" || text === document}
              onClick={() =>
                change.mutate(text, {
                  onSuccess: () => {
                    toast.ok(t("common:saved"));
                    end();
                  },
                })
              }
            >
              {action}
            </Button>
          </div>
        ) : undefined
      }
    >
      <div className={s.body}>
        {editing && blocked !== undefined && <Alert tone="warn">{blocked}</Alert>}
        <PolicyEditor
          trust={trust}
          label={label}
          hint={hint}
          text={text ?? document}
          readOnly={!editing}
          problem={problem}
          onChange={(next) => {
            change.reset();
            setText(next);
          }}
        />
        {editing && options}
        {change.isError && !problem && <Alert tone="danger">{errorText(change.error)}</Alert>}
        {!editing && children}
      </div>
    </Card>
  );
}
