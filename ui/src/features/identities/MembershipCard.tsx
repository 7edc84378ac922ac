import { UserMinus, UsersRound } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Card, ConfirmDialog, DataTable, EmptyState, IconButton, type Column } from "@/components";
import s from "./Identities.module.css";

type MembershipCardProps<T> = {
  title: string;
  description?: string;
  /** The button that adds one. */
  add: ReactNode;
  /** Where there is none. */
  empty: string;
  emptyHint: string;
  rows: T[];
  idOf: (row: T) => string;
  columns: Column<T>[];
  /** What the button of a row is called, and the question it asks. */
  removeLabel: (row: T) => string;
  removeTitle: (row: T) => string;
  remove: (row: T) => Promise<unknown>;
  children?: ReactNode;
};

/** MembershipCard lists who belongs to whom, from either side, and takes members out. */
export function MembershipCard<T>(props: MembershipCardProps<T>) {
  const { title, description, add, empty, emptyHint, rows, idOf, columns, removeLabel, removeTitle, remove, children } = props;
  const { t } = useTranslation("identities");
  const [removing, setRemoving] = useState<T>();
  return (
    <Card className={s.tables} flush={rows.length > 0} title={title} description={description} actions={add}>
      {rows.length === 0 ? (
        <EmptyState bare compact icon={<UsersRound size={20} />} title={empty}>
          <p>{emptyHint}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={title}
          rows={rows}
          rowKey={idOf}
          columns={[
            ...columns,
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (row) => (
                <IconButton size="sm" label={removeLabel(row)} icon={<UserMinus size={16} />} onClick={() => setRemoving(row)} />
              ),
            },
          ]}
        />
      )}
      {children}
      <ConfirmDialog
        open={removing !== undefined}
        onOpenChange={(open) => !open && setRemoving(undefined)}
        title={removing === undefined ? "" : removeTitle(removing)}
        body={t("group.removeBody")}
        confirm={t("group.remove")}
        onConfirm={async () => {
          if (removing !== undefined) await remove(removing);
        }}
      />
    </Card>
  );
}
