import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "@/components";
import { DocumentDialog } from "./DocumentDialog";
import { putInline, type Holder } from "./holders";
import { NameField } from "./NameField";
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
  const twice = !changing && taken.includes(policy.trim());
  return (
    <DocumentDialog
      title={changing ? t("inline.change", { policy: changing.name, name }) : t("inline.title", { name })}
      description={t("inline.description")}
      action={t("common:save")}
      busy={save.isPending}
      ready={!twice && policy.trim() !== ""}
      error={save.error}
      label={t("document")}
      hint={t("documentHint")}
      text={text}
      onChange={(next) => {
        save.reset();
        setText(next);
      }}
      onSubmit={() =>
        save.mutate(undefined, {
          onSuccess: () => {
            toast.ok(t("common:saved"));
            onClose();
          },
        })
      }
      onClose={onClose}
    >
      {!changing && (
        <NameField
          hint={t("nameHint")}
          error={twice ? t("inline.twice") : undefined}
          value={policy}
          onChange={(next) => {
            save.reset();
            setPolicy(next);
          }}
        />
      )}
    </DocumentDialog>
  );
}
