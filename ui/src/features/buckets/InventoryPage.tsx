import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ClipboardList } from "lucide-react";
import { useTranslation } from "react-i18next";
import { InventoryCard } from "./InventoryCard";
import { InventoryDialog } from "./InventoryDialog";
import { inventoryQuery } from "./queries";
import { RulesPage } from "./RulesPage";

const route = getRouteApi("/app/buckets/$bucket/inventory");

export function InventoryPage() {
  const { t } = useTranslation("inventory");
  const { bucket } = route.useParams();
  return (
    <RulesPage
      bucket={bucket}
      query={useQuery(inventoryQuery(bucket))}
      title={t("title")}
      description={t("description")}
      add={t("add")}
      dialog={(close) => <InventoryDialog bucket={bucket} onClose={close} />}
      count={({ reports }) => reports.length}
      unavailable={({ available }) => (available ? undefined : t("unavailable"))}
      empty={{ icon: <ClipboardList size={22} />, title: t("none"), hint: t("noneHint") }}
    >
      {({ reports }, readOnly) =>
        reports.map((report) => <InventoryCard key={report.id} bucket={bucket} report={report} readOnly={readOnly} />)
      }
    </RulesPage>
  );
}
