import { Check, Eye, MoreHorizontal, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import type { PolicyDetails } from "@/api/types";
import {
  Badge,
  Button,
  Card,
  ConfirmDialog,
  DataTable,
  Dialog,
  IconButton,
  Menu,
  MenuItem,
  Time,
  toast,
} from "@/components";
import { PolicyEditor } from "@/features/access/PolicyEditor";
import s from "./Identities.module.css";
import { useChange } from "./queries";

type Version = PolicyDetails["versions"][number];

/** VersionsCard lists what a policy said, and has another version count. */
export function VersionsCard({ policy }: { policy: PolicyDetails }) {
  const { t } = useTranslation("identities");
  const [shown, setShown] = useState<Version>();
  const [asked, setAsked] = useState<{ version: Version; about: "default" | "delete" }>();
  const act = useChange(({ version, about }: { version: Version; about: "default" | "delete" }) => {
    const params = { path: { name: policy.name, version: version.number } };
    return about === "default"
      ? api.POST("/api/v1/policies/{name}/versions/{version}/default", { params })
      : api.DELETE("/api/v1/policies/{name}/versions/{version}", { params });
  });
  return (
    <Card
      className={s.tables}
      flush
      title={t("policy.versions")}
      description={t("policy.versionsHint", { count: policy.versions.length, most: policy.mostKept })}
    >
      <DataTable
        caption={t("policy.versions")}
        rows={policy.versions}
        rowKey={(version) => String(version.number)}
        columns={[
          {
            id: "number",
            header: t("policy.version"),
            kind: "primary",
            cell: (version) => (
              <b>
                {t("policy.versionNumber", { number: version.number })}{" "}
                {version.default && <Badge tone="ok">{t("policy.current")}</Badge>}
              </b>
            ),
          },
          { id: "created", header: t("created"), muted: true, cell: (version) => <Time value={version.createdAt} /> },
          {
            id: "actions",
            header: t("common:actions"),
            kind: "actions",
            cell: (version) => (
              <Menu
                trigger={
                  <IconButton
                    size="sm"
                    label={t("actionsOf", { name: t("policy.versionNumber", { number: version.number }) })}
                    icon={<MoreHorizontal size={16} />}
                  />
                }
              >
                <MenuItem icon={<Eye size={15} />} onSelect={() => setShown(version)}>
                  {t("policy.show")}
                </MenuItem>
                {!version.default && (
                  <>
                    <MenuItem icon={<Check size={15} />} onSelect={() => setAsked({ version, about: "default" })}>
                      {t("policy.makeDefault")}
                    </MenuItem>
                    <MenuItem danger icon={<Trash2 size={15} />} onSelect={() => setAsked({ version, about: "delete" })}>
                      {t("policy.deleteVersion")}
                    </MenuItem>
                  </>
                )}
              </Menu>
            ),
          },
        ]}
      />
      {shown && (
        <Dialog
          wide
          open
          onOpenChange={(open) => !open && setShown(undefined)}
          title={t("policy.versionOf", { number: shown.number, name: policy.name })}
          footer={
            <Button variant="primary" onClick={() => setShown(undefined)}>
              {t("common:close")}
            </Button>
          }
        >
          <PolicyEditor
            readOnly
            label={t("document")}
            hint={t("documentHint")}
            text={shown.document}
            onChange={() => undefined}
          />
        </Dialog>
      )}
      <ConfirmDialog
        open={asked !== undefined}
        onOpenChange={(open) => !open && setAsked(undefined)}
        harmless={asked?.about === "default"}
        title={
          asked?.about === "default"
            ? t("policy.makeDefaultTitle", { number: asked.version.number, name: policy.name })
            : t("policy.deleteVersionTitle", { number: asked?.version.number, name: policy.name })
        }
        body={
          asked?.about === "default"
            ? t("policy.countsHint", { count: policy.usedBy.length })
            : t("policy.deleteVersionBody")
        }
        confirm={asked?.about === "default" ? t("policy.makeDefault") : t("policy.deleteVersion")}
        onConfirm={async () => {
          if (!asked) return;
          await act.mutateAsync(asked);
          toast.ok(t("common:saved"));
        }}
      />
    </Card>
  );
}
