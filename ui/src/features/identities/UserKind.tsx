import { useTranslation } from "react-i18next";
import type { User } from "@/api/types";
import { Badge } from "@/components";

/** UserKind says whether a user is disabled, an administrator, or like most. */
export function UserKind({ user }: { user: User }) {
  const { t } = useTranslation("identities");
  if (user.disabled) return <Badge tone="danger">{t("user.disabled")}</Badge>;
  return user.admin ? <Badge tone="accent">{t("common:role.admin")}</Badge> : <Badge>{t("user.title")}</Badge>;
}
