import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Checkbox, Dialog, toast } from "@/components";
import { queue } from ".";
import type { Answer, Upload } from "./queue";

/** ConflictDialog asks what to do with a file whose name is taken. */
export function ConflictDialog({ conflict, count }: { conflict?: Upload; count: number }) {
  const { t } = useTranslation("browser");
  const [forAll, setForAll] = useState(false);
  const answer = useMutation({
    mutationFn: (choice: Answer) => queue.resolve(choice, forAll),
    onError: toast.error,
  });
  if (!conflict) return null;
  const choices: Answer[] = ["skip", "both", "replace"];
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && answer.mutate("skip")}
      title={t("conflict.title", { name: conflict.key })}
      footer={choices.map((choice) => (
        <Button
          key={choice}
          variant={choice === "replace" ? "danger" : "secondary"}
          disabled={answer.isPending}
          onClick={() => answer.mutate(choice)}
        >
          {t(`conflict.${choice}`)}
        </Button>
      ))}
    >
      <p>{t("conflict.body")}</p>
      {count > 1 && (
        <Checkbox label={t("conflict.all", { count: count - 1 })} checked={forAll} onChange={(event) => setForAll(event.target.checked)} />
      )}
    </Dialog>
  );
}
