import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Alert, Button, Dialog } from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { problemOf } from "./problem";

type DocumentDialogProps = {
  title: string;
  description?: string;
  /** The verb of its button. */
  action: string;
  busy: boolean;
  /** Whether everything that is needed was given, the document aside. */
  ready: boolean;
  error: unknown;
  /** What the document is, and how it is written. */
  label: string;
  hint: string;
  /** The document says whom a role trusts. */
  trust?: boolean;
  text: string;
  onChange: (text: string) => void;
  onSubmit: () => void;
  onClose: () => void;
  /** The fields above the document. */
  children?: ReactNode;
};

/** DocumentDialog asks for something that has a policy in it, and shows where that is wrong. */
export function DocumentDialog(props: DocumentDialogProps) {
  const { title, description, action, busy, ready, error, label, hint, trust, text, onChange, onSubmit, onClose, children } = props;
  const { t } = useTranslation();
  const problem = problemOf(error);
  const complete = ready && text.trim() !== "";
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={description}
      onSubmit={() => complete && onSubmit()}
      footer={
        <>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={!complete}>
            {action}
          </Button>
        </>
      }
    >
      {children}
      <PolicyEditor trust={trust} label={label} hint={hint} text={text} readOnly={false} problem={problem} onChange={onChange} />
      {error !== null && error !== undefined && !problem && <Alert tone="danger">{errorText(error)}</Alert>}
    </Dialog>
  );
}
