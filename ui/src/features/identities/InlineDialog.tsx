import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { Alert, Button, Dialog, Field, Input, toast } from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import { putInline, type Holder } from "./holders";
import { problemOf } from "./problem";
import { useChange } from "./queries";

type InlineDialogProps = {
  holder: Holder;
  name: string;
  /** The names of the policies of its own that there are. */
  taken: string[];
  changing?: { name: string; document: string };
  onClose: () => void;
};

/** InlineDialog writes a policy that belongs to one user, group or role alone. */
export function InlineDialog({ holder, name, taken, changing, onClose }: InlineDialogProps) {
  const { t } = useTranslation("identities");
  const [policy, setPolicy] = useState(changing?.name ?? "");
  const [text, setText] = useState(changing?.document ?? "");
  const save = useChange(() => putInline(holder, policy.trim(), text));
  const problem = problemOf(save.error);
  const twice = !changing && taken.includes(policy.trim());
  return (
    <Dialog
      wide
      open
      onOpenChange={(open) => !open && onClose()}
      title={changing ? t("inline.change", { policy: changing.name, name }) : t("inline.title", { name })}
      description={t("inline.description")}
      onSubmit={() =>
        !twice &&
        save.mutate(undefined, {
          onSuccess: () => {
            toast.ok(t("common:saved"));
            onClose();
          },
        })
      }
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabled={twice || policy.trim() === "" || text.trim() === ""}>
            {t("common:save")}
          </Button>
        </>
      }
    >
      {!changing && (
        <Field label={t("name")} hint={t("nameHint")} error={twice ? t("inline.twice") : undefined}>
          <Input
            autoFocus
            required
            maxLength={128}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            value={policy}
            onChange={(event) => {
              save.reset();
              setPolicy(event.target.value);
            }}
          />
        </Field>
      )}
      <PolicyEditor
        label={t("document")}
        hint={t("documentHint")}
        text={text}
        readOnly={false}
        problem={problem}
        onChange={(next) => {
          save.reset();
          setText(next);
        }}
      />
      {save.isError && !problem && <Alert tone="danger">{errorText(save.error)}</Alert>}
    </Dialog>
  );
}
