import { useTranslation } from "react-i18next";
import { toast } from "@/components";
import { ChooseDialog } from "./ChooseDialog";
import { attach, type Holder } from "./holders";
import { policiesQuery } from "./queries";

type AttachDialogProps = { holder: Holder; name: string; held: string[]; onClose: () => void };

/** AttachDialog chooses among the policies that somebody does not hold yet. */
export function AttachDialog({ holder, name, held, onClose }: AttachDialogProps) {
  const { t } = useTranslation("identities");
  return (
    <ChooseDialog
      title={t("held.attachTitle", { name })}
      search={t("policySearch")}
      query={policiesQuery}
      free={(policy) => !held.includes(policy.name)}
      idOf={(policy) => policy.name}
      labelOf={(policy) => policy.name}
      hintOf={(policy) => policy.description || (policy.builtIn ? t("builtIn") : undefined)}
      action={(count) => t("held.attachCount", { count })}
      choose={(policy) => attach(holder, policy)}
      onChosen={() => toast.ok(t("common:saved"))}
      onClose={onClose}
    />
  );
}
