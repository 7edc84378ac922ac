import { useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { Tier } from "@/api/types";
import { Alert, Badge, Button, Card, ConfirmButton, Fact, Facts, ProblemText, Time, toast, type Tone } from "@/components";
import { formatBytes, formatNumber } from "@/lib/format";
import { tiersQuery } from "./queries";
import s from "./TierCard.module.css";
import { TierKeysDialog } from "./TierDialogs";

const tones: Record<Tier["state"], Tone> = {
  unknown: "idle",
  reachable: "ok",
  failing: "danger",
  missing: "danger",
};

/** placeOf is where a tier's bodies are, as a person reads it. */
function placeOf(tier: Tier): string {
  return `${tier.endpoint.replace(/\/$/, "")}/${tier.bucket}/${tier.prefix}`;
}

/** TierCard says what a tier keeps and whether it can be reached, and steers it. */
export function TierCard({ tier, onAddAgain }: { tier: Tier; onAddAgain: () => void }) {
  const { t } = useTranslation("tiers");
  const missing = tier.state === "missing";
  return (
    <Card
      title={tier.name}
      description={!missing && <span className={s.place}>{placeOf(tier)}</span>}
      actions={<Badge tone={tones[tier.state]}>{t(`state.${tier.state}`)}</Badge>}
      footer={
        missing ? (
          <Button size="sm" variant="primary" icon={<Plus size={15} />} onClick={onAddAgain}>
            {t("addAgain")}
          </Button>
        ) : (
          <Steering tier={tier} />
        )
      }
    >
      <div className={s.body}>
        {missing && <Alert tone="danger">{t("missing")}</Alert>}
        {tier.problem && (
          <Alert tone="danger">
            <ProblemText of={tier} />
          </Alert>
        )}
        <Facts figures>
          <Fact name={t("kept")}>
            {tier.bodies > 0
              ? t("keptText", { count: tier.bodies, pieces: formatNumber(tier.bodies), bytes: formatBytes(tier.bytes) })
              : t("keptNone")}
          </Fact>
          {tier.removing > 0 && <Fact name={t("removing")}>{formatNumber(tier.removing)}</Fact>}
          {tier.checkedAt && (
            <Fact name={t("checked")}>
              <Time value={tier.checkedAt} />
            </Fact>
          )}
          {tier.createdAt && (
            <Fact name={t("created")}>
              <Time value={tier.createdAt} />
            </Fact>
          )}
        </Facts>
      </div>
    </Card>
  );
}

function Steering({ tier }: { tier: Tier }) {
  const { t } = useTranslation("tiers");
  const client = useQueryClient();
  const [changing, setChanging] = useState(false);
  return (
    <div className={s.buttons}>
      <Button size="sm" icon={<KeyRound size={15} />} onClick={() => setChanging(true)}>
        {t("changeKeys")}
      </Button>
      <ConfirmButton
        label={t("remove")}
        icon={<Trash2 size={15} />}
        title={t("removeTitle", { name: tier.name })}
        body={t("removeBody", { place: placeOf(tier) })}
        onConfirm={async () => {
          await api.DELETE("/api/v1/tiers/{tier}", { params: { path: { tier: tier.name } } });
          await client.invalidateQueries({ queryKey: tiersQuery.queryKey });
          toast.ok(t("removed", { name: tier.name }));
        }}
      />
      {changing && <TierKeysDialog tier={tier} onClose={() => setChanging(false)} />}
    </div>
  );
}
