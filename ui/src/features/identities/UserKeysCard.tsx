import { KeyRound, MoreHorizontal, Pause, Play, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import type { S3Key, UserIdentity } from "@/api/types";
import {
  Alert,
  Badge,
  Button,
  Card,
  ConfirmDialog,
  DataTable,
  Dialog,
  EmptyState,
  Field,
  IconButton,
  Input,
  Menu,
  MenuItem,
  Time,
  toast,
} from "@/components";
import { KeyMadeDialog } from "@/features/settings/KeyDialogs";
import { formatDate } from "@/lib/format";
import { useNow } from "@/lib/now";
import s from "./Identities.module.css";
import { useChange } from "./queries";

/** UserKeysCard lists the S3 keys of a user; those with a policy or an end are what MinIO calls service accounts. */
export function UserKeysCard({ identity }: { identity: UserIdentity }) {
  const { t } = useTranslation("identities");
  const { user, password, keys } = identity;
  const now = useNow();
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<S3Key>();
  const path = (key: S3Key) => ({ params: { path: { id: user.id, accessKey: key.accessKey } } });
  const toggle = useChange((key: S3Key) =>
    api.PATCH("/api/v1/users/{id}/keys/{accessKey}", { ...path(key), body: { disabled: !key.disabled } }),
  );
  const end = useChange((key: S3Key) => api.DELETE("/api/v1/users/{id}/keys/{accessKey}", path(key)));
  const expired = (key: S3Key) => key.expiresAt !== undefined && new Date(key.expiresAt).getTime() <= now;
  return (
    <Card
      className={s.tables}
      flush={keys.length > 0}
      title={t("key.title")}
      description={password ? t("key.hint") : t("key.hintProgram")}
      actions={
        !password && (
          <Button size="sm" icon={<Plus size={15} />} onClick={() => setMaking(true)}>
            {t("key.create")}
          </Button>
        )
      }
    >
      {keys.length === 0 ? (
        <EmptyState bare compact icon={<KeyRound size={20} />} title={t("key.none")}>
          <p>{password ? t("key.noneHint") : t("key.noneProgram")}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("key.title")}
          rows={keys}
          rowKey={(key) => key.accessKey}
          columns={[
            {
              id: "name",
              header: t("name"),
              kind: "primary",
              cell: (key) => (
                <span className={s.two}>
                  <b>
                    {key.name}
                    {key.root && <Badge tone="warn">{t("user.root")}</Badge>}
                    {key.disabled && <Badge tone="warn">{t("key.off")}</Badge>}
                    {expired(key) && <Badge tone="danger">{t("key.expired")}</Badge>}
                    {key.policy !== "" && <Badge tone="info">{t("key.narrowed")}</Badge>}
                    {key.projectId !== "" && <Badge>{t("key.oneProject")}</Badge>}
                  </b>
                  <small>
                    <code>{key.accessKey}</code>
                  </small>
                  {key.description && <small>{key.description}</small>}
                </span>
              ),
            },
            {
              id: "used",
              header: t("key.used"),
              muted: true,
              cell: (key) => (key.lastUsedAt ? <Time value={key.lastUsedAt} /> : t("common:never")),
            },
            {
              id: "expires",
              header: t("key.expires"),
              muted: true,
              cell: (key) => (key.expiresAt ? formatDate(key.expiresAt) : t("common:never")),
            },
            { id: "created", header: t("created"), muted: true, cell: (key) => <Time value={key.createdAt} /> },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (key) =>
                !key.root && (
                  <Menu
                    trigger={
                      <IconButton size="sm" label={t("actionsOf", { name: key.name })} icon={<MoreHorizontal size={16} />} />
                    }
                  >
                    <MenuItem
                      icon={key.disabled ? <Play size={15} /> : <Pause size={15} />}
                      onSelect={() =>
                        toggle.mutate(key, { onSuccess: () => toast.ok(t("common:saved")), onError: toast.error })
                      }
                    >
                      {key.disabled ? t("key.enable") : t("key.disable")}
                    </MenuItem>
                    <MenuItem danger icon={<Trash2 size={15} />} onSelect={() => setEnding(key)}>
                      {t("key.end")}
                    </MenuItem>
                  </Menu>
                ),
            },
          ]}
        />
      )}
      {making && <MakeKeyDialog identity={identity} onClose={() => setMaking(false)} />}
      <ConfirmDialog
        open={ending !== undefined}
        onOpenChange={(open) => !open && setEnding(undefined)}
        title={t("key.endTitle", { name: ending?.name, user: user.name })}
        body={t("key.endBody", { key: ending?.accessKey })}
        confirm={t("key.end")}
        onConfirm={async () => {
          if (!ending) return;
          await end.mutateAsync(ending);
          toast.ok(t("deleted", { name: ending.name }));
        }}
      />
    </Card>
  );
}

function MakeKeyDialog({ identity, onClose }: { identity: UserIdentity; onClose: () => void }) {
  const { t } = useTranslation("identities");
  const [name, setName] = useState("");
  const make = useChange(() =>
    body(api.POST("/api/v1/users/{id}/keys", { params: { path: { id: identity.user.id } }, body: { name: name.trim() } })),
  );
  if (make.data) return <KeyMadeDialog made={make.data} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("key.createTitle", { name: identity.user.name })}
      onSubmit={() => make.mutate()}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={make.isPending} disabled={name.trim() === ""}>
            {t("key.create")}
          </Button>
        </>
      }
    >
      <Field label={t("name")} hint={t("key.nameHint")}>
        <Input autoFocus required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      {make.isError && <Alert tone="danger">{errorText(make.error)}</Alert>}
    </Dialog>
  );
}
