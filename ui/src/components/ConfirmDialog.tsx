import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Trans, useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Alert } from "./Alert";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Field, Input } from "./Field";

type ConfirmDialogProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** A question that names the thing: "Delete bucket photos?" */
  title: ReactNode;
  /** What is lost by it. */
  body: ReactNode;
  /** The verb: "Delete bucket". */
  confirm: string;
  /** For what cannot be undone: this must be typed first. */
  typeToConfirm?: string;
  /** Not a destruction, only a question. */
  harmless?: boolean;
  onConfirm: () => Promise<unknown>;
};

/** ConfirmDialog asks before something is destroyed, closes when it was, and shows why it was not. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, onOpenChange, title, body, confirm, typeToConfirm, harmless, onConfirm } = props;
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const action = useMutation({
    mutationFn: onConfirm,
    onSuccess: () => close(false),
  });
  const close = (next: boolean) => {
    onOpenChange(next);
    if (next) return;
    setTyped("");
    action.reset();
  };
  const blocked = typeToConfirm !== undefined && typed !== typeToConfirm;
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title={title}
      onSubmit={() => !blocked && action.mutate()}
      footer={
        <>
          <Button onClick={() => close(false)}>{t("cancel")}</Button>
          <Button
            type="submit"
            variant={harmless ? "primary" : "danger"}
            busy={action.isPending}
            disabled={blocked}
          >
            {confirm}
          </Button>
        </>
      }
    >
      <div>{body}</div>
      {typeToConfirm !== undefined && (
        <Field
          label={
            <Trans i18nKey="typeToConfirm" values={{ name: typeToConfirm }} components={{ code: <code /> }} />
          }
        >
          <Input
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            mono
          />
        </Field>
      )}
      {action.isError && <Alert tone="danger">{errorText(action.error)}</Alert>}
    </Dialog>
  );
}
