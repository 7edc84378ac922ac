import { useState, type ReactNode } from "react";
import { Button } from "./Button";
import { ConfirmDialog } from "./ConfirmDialog";

type ConfirmButtonProps = {
  /** The verb, on the button and in the question: "Remove rule". */
  label: string;
  icon: ReactNode;
  /** A question that names the thing. */
  title: ReactNode;
  /** What is lost by it. */
  body: ReactNode;
  onConfirm: () => Promise<unknown>;
};

/** ConfirmButton takes something away, once it was asked. */
export function ConfirmButton({ label, icon, title, body, onConfirm }: ConfirmButtonProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button size="sm" variant="dangerGhost" icon={icon} onClick={() => setAsking(true)}>
        {label}
      </Button>
      <ConfirmDialog open={asking} onOpenChange={setAsking} title={title} body={body} confirm={label} onConfirm={onConfirm} />
    </>
  );
}
