import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/api/errors";
import { usersQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import { Alert, Button, Checkbox, Dialog, QueryView, Skeleton } from "@/components";
import s from "./Chat.module.css";
import { openDirect } from "./client";

export function NewDirectDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useTranslation("chat");
  const me = useMe();
  const users = useQuery({ ...usersQuery, enabled: open });
  const [chosen, setChosen] = useState<string[]>([]);
  const navigate = useNavigate();
  const close = () => {
    onOpenChange(false);
    setChosen([]);
    start.reset();
  };
  const start = useMutation({
    mutationFn: () => openDirect(chosen),
    onSuccess: (room) => {
      close();
      void navigate({ to: "/chat/$room", params: { room: room.id } });
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => (next ? onOpenChange(true) : close())}
      title={t("newDirect")}
      description={t("newDirectHint")}
      onSubmit={() => chosen.length > 0 && start.mutate()}
      footer={
        <>
          <Button onClick={close}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={start.isPending} disabled={chosen.length === 0}>
            {t("start")}
          </Button>
        </>
      }
    >
      <QueryView query={users} bare skeleton={<Skeleton width="60%" />}>
        {(list) => {
          const others = list.filter((user) => user.id !== me.id && !user.disabled);
          if (others.length === 0) return <p>{t("alone")}</p>;
          return (
            <div className={s.people}>
              {others.map((user) => (
                <Checkbox
                  key={user.id}
                  label={user.displayName}
                  hint={user.name}
                  checked={chosen.includes(user.id)}
                  onChange={() =>
                    setChosen(
                      chosen.includes(user.id) ? chosen.filter((id) => id !== user.id) : [...chosen, user.id],
                    )
                  }
                />
              ))}
            </div>
          );
        }}
      </QueryView>
      {start.isError && <Alert tone="danger">{errorText(start.error)}</Alert>}
    </Dialog>
  );
}
