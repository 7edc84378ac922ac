import { Link } from "@tanstack/react-router";
import { Link2Off, MoreHorizontal, Pencil, Plus, ScrollText, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { HeldPolicies, UserGroup } from "@/api/types";
import { Badge, Button, Card, ConfirmDialog, DataTable, EmptyState, IconButton, Menu, MenuItem, toast } from "@/components";
import { AttachDialog } from "./AttachDialog";
import { deleteInline, detach, heldRows, type HeldRow, type Holder } from "./holders";
import s from "./Identities.module.css";
import { InlineDialog } from "./InlineDialog";
import { useChange } from "./queries";

type HeldPoliciesCardProps = {
  holder: Holder;
  /** What the holder is called in questions. */
  name: string;
  held: HeldPolicies;
  /** Of a user. */
  groups?: UserGroup[];
};

/** HeldPoliciesCard shows the policies that decide about somebody, and gives and takes them. */
export function HeldPoliciesCard({ holder, name, held, groups }: HeldPoliciesCardProps) {
  const { t } = useTranslation("identities");
  const [attaching, setAttaching] = useState(false);
  const [writing, setWriting] = useState<{ name: string; document: string } | "new">();
  const [taking, setTaking] = useState<HeldRow>();
  const take = useChange((row: HeldRow) => (row.how === "inline" ? deleteInline(holder, row.name) : detach(holder, row.name)));
  const rows = heldRows(held, groups);
  const source = (row: HeldRow) => {
    if (row.how === "attached") return t("held.attached");
    if (!("group" in row)) return <Badge tone="info">{t(`held.inline.${holder.kind}`)}</Badge>;
    return (
      <Link to="/identities/groups/$name" params={{ name: row.group }}>
        {t("held.group", { name: row.group })}
      </Link>
    );
  };
  const nameOf = (row: HeldRow) =>
    row.how === "inline" || row.how === "groupInline" ? (
      <b>{row.name}</b>
    ) : (
      <Link to="/identities/policies/$name" params={{ name: row.name }}>
        {row.name}
      </Link>
    );
  return (
    <Card
      className={s.tables}
      flush={rows.length > 0}
      title={t("held.title")}
      description={t(`held.description.${holder.kind}`)}
      actions={
        <div className={s.buttons}>
          <Button size="sm" icon={<Plus size={15} />} onClick={() => setAttaching(true)}>
            {t("held.attach")}
          </Button>
          <Button size="sm" icon={<Pencil size={15} />} onClick={() => setWriting("new")}>
            {t("held.write")}
          </Button>
        </div>
      }
    >
      {rows.length === 0 ? (
        <EmptyState bare compact icon={<ScrollText size={20} />} title={t("held.none")}>
          <p>{t(`held.noneHint.${holder.kind}`)}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("held.title")}
          rows={rows}
          rowKey={(row) => `${row.how} ${"group" in row ? row.group : ""} ${row.name}`}
          columns={[
            { id: "name", header: t("name"), kind: "primary", cell: nameOf },
            { id: "how", header: t("held.how"), muted: true, cell: source },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (row) =>
                row.how === "attached" ? (
                  <IconButton
                    size="sm"
                    label={t("held.detachLabel", { name: row.name })}
                    icon={<Link2Off size={16} />}
                    onClick={() => setTaking(row)}
                  />
                ) : row.how === "inline" ? (
                  <Menu
                    trigger={
                      <IconButton size="sm" label={t("actionsOf", { name: row.name })} icon={<MoreHorizontal size={16} />} />
                    }
                  >
                    <MenuItem
                      icon={<Pencil size={15} />}
                      onSelect={() => setWriting({ name: row.name, document: row.document ?? "" })}
                    >
                      {t("edit")}
                    </MenuItem>
                    <MenuItem danger icon={<Trash2 size={15} />} onSelect={() => setTaking(row)}>
                      {t("common:delete")}
                    </MenuItem>
                  </Menu>
                ) : null,
            },
          ]}
        />
      )}
      {attaching && <AttachDialog holder={holder} name={name} held={held.attached} onClose={() => setAttaching(false)} />}
      {writing && (
        <InlineDialog
          holder={holder}
          name={name}
          taken={held.inline.map((one) => one.name)}
          changing={writing === "new" ? undefined : writing}
          onClose={() => setWriting(undefined)}
        />
      )}
      <ConfirmDialog
        open={taking !== undefined}
        onOpenChange={(open) => !open && setTaking(undefined)}
        title={
          taking?.how === "inline"
            ? t("held.deleteTitle", { policy: taking.name, name })
            : t("held.detachTitle", { policy: taking?.name, name })
        }
        body={taking?.how === "inline" ? t("held.deleteBody") : t("held.detachBody")}
        confirm={taking?.how === "inline" ? t("held.delete") : t("held.detach")}
        onConfirm={async () => {
          if (!taking) return;
          await take.mutateAsync(taking);
          toast.ok(t("common:saved"));
        }}
      />
    </Card>
  );
}
