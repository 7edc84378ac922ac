import { useMutation, useQuery } from "@tanstack/react-query";
import { Link2, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { useMe } from "@/api/session";
import { Badge, DataTable, Dialog, EmptyState, ErrorState, FutureTime, IconButton, Time, toast } from "@/components";
import s from "./Browser.module.css";
import { changed } from "./changes";

/** LinksDialog shows the links that lead into a bucket, and ends them. */
export function LinksDialog({ bucket, mayChange, onClose }: { bucket: string; mayChange: boolean; onClose: () => void }) {
  const { t } = useTranslation("browser");
  const me = useMe();
  const links = useQuery({
    queryKey: ["buckets", bucket, "shares"],
    queryFn: ({ signal }) => body(api.GET("/api/v1/buckets/{bucket}/shares", { params: { path: { bucket } }, signal })).then((list) => list.items),
  });
  const end = useMutation({
    mutationFn: (share: string) => api.DELETE("/api/v1/buckets/{bucket}/shares/{share}", { params: { path: { bucket, share } } }),
    onSuccess: async () => {
      await changed(bucket);
      toast.ok(t("links.ended"));
    },
    onError: toast.error,
  });
  return (
    <Dialog open wide onOpenChange={(open) => !open && onClose()} title={t("links.title", { name: bucket })} description={t("links.description")}>
      {links.isError ? (
        <ErrorState error={links.error} onRetry={() => void links.refetch()} bare />
      ) : links.data?.length === 0 ? (
        <EmptyState icon={<Link2 size={22} />} title={t("links.none")} bare>
          <p>{t("links.noneHint")}</p>
        </EmptyState>
      ) : (
        <DataTable
          caption={t("links.title", { name: bucket })}
          rows={links.data}
          rowKey={(link) => link.id}
          columns={[
            {
              id: "what",
              header: t("column.name"),
              kind: "primary",
              cell: (link) => (
                <span className={s.version}>
                  {link.key || "/"}
                  {link.protected && <Badge tone="info">{t("links.password")}</Badge>}
                  {link.uploads && <Badge tone="warn">{t("links.uploads")}</Badge>}
                </span>
              ),
            },
            { id: "by", header: t("links.by"), muted: true, cell: (link) => link.userName },
            { id: "ends", header: t("links.ends"), muted: true, cell: (link) => (link.expiresAt ? <FutureTime value={link.expiresAt} /> : t("share.forever")) },
            {
              id: "uses",
              header: t("links.uses"),
              muted: true,
              cell: (link) => (
                <>
                  {link.uses}
                  {link.lastUsedAt && (
                    <>
                      {" · "}
                      <Time value={link.lastUsedAt} />
                    </>
                  )}
                </>
              ),
            },
            {
              id: "actions",
              header: t("common:actions"),
              kind: "actions",
              cell: (link) =>
                (mayChange || link.userId === me.id) && (
                  <IconButton size="sm" label={t("links.end", { name: link.key || "/" })} icon={<X size={16} />} onClick={() => end.mutate(link.id)} />
                ),
            },
          ]}
        />
      )}
    </Dialog>
  );
}
