import { useQuery } from "@tanstack/react-query";
import { Layers, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/errors";
import { Button, EmptyState, QueryView, Skeleton } from "@/components";
import { tiersQuery } from "./queries";
import s from "./Settings.module.css";
import { TierCard } from "./TierCard";
import { AddTierDialog } from "./TierDialogs";

export function TiersPage() {
  const { t } = useTranslation("tiers");
  const tiers = useQuery(tiersQuery);
  const [adding, setAdding] = useState<string>();
  const add = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setAdding("")}>
      {t("add")}
    </Button>
  );
  const elsewhere = tiers.error instanceof ApiError && tiers.error.code === "tiers_unavailable";
  if (elsewhere) {
    return (
      <EmptyState icon={<Layers size={22} />} title={t("elsewhere")}>
        <p>{t("elsewhereHint")}</p>
      </EmptyState>
    );
  }
  return (
    <QueryView query={tiers} skeleton={<Skeleton width="100%" height={220} radius={11} />}>
      {(list) => (
        <div className={s.layout}>
          {list.length === 0 ? (
            <EmptyState icon={<Layers size={22} />} title={t("none")} action={add}>
              <p>{t("noneHint")}</p>
              <p>{t("noneNext")}</p>
            </EmptyState>
          ) : (
            <>
              <div className={s.toolbar}>
                <p>{t("description")}</p>
                {add}
              </div>
              {list.map((tier) => (
                <TierCard key={tier.name} tier={tier} onAddAgain={() => setAdding(tier.name)} />
              ))}
            </>
          )}
          {adding !== undefined && <AddTierDialog name={adding} onClose={() => setAdding(undefined)} />}
        </div>
      )}
    </QueryView>
  );
}
