import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmDialog, toast } from "@/components";
import s from "./Identities.module.css";
import { useChange } from "./queries";

/** What can be asked of somebody who holds policies. */
export type HolderQuestion = "end" | "delete";

type HolderQuestionsProps = {
  asked: HolderQuestion | undefined;
  onClose: () => void;
  name: string;
  end: { title: string; body: string; do: () => Promise<unknown> };
  remove: {
    title: string;
    /** What goes with it, and what is to be known besides. */
    body: string;
    lost: string[];
    kept?: string;
    confirm: string;
    typeToConfirm?: string;
    do: () => Promise<unknown>;
  };
};

/** HolderQuestions asks before sessions are ended and before a user or role is deleted. */
export function HolderQuestions({ asked, onClose, name, end, remove }: HolderQuestionsProps) {
  const { t } = useTranslation("identities");
  const ending = useChange(end.do);
  const removing = useChange(remove.do);
  return (
    <>
      <ConfirmDialog
        open={asked === "end"}
        onOpenChange={(open) => !open && onClose()}
        title={end.title}
        body={end.body}
        confirm={t("sessions.end")}
        onConfirm={async () => {
          await ending.mutateAsync();
          toast.ok(t("sessions.ended"));
        }}
      />
      <ConfirmDialog
        open={asked === "delete"}
        onOpenChange={(open) => !open && onClose()}
        title={remove.title}
        body={<Losses body={remove.body} lost={remove.lost} kept={remove.kept} />}
        typeToConfirm={remove.typeToConfirm}
        confirm={remove.confirm}
        onConfirm={async () => {
          await removing.mutateAsync();
          toast.ok(t("deleted", { name }));
        }}
      />
    </>
  );
}

/** Losses says what is lost with something. */
export function Losses({ body, lost, kept }: { body: string; lost: string[]; kept?: ReactNode }) {
  return (
    <div className={s.body}>
      <p>{body}</p>
      <ul className={s.list}>
        {lost.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      {kept !== undefined && <p>{kept}</p>}
    </div>
  );
}
