import {
  CircleCheck,
  CircleDashed,
  CircleEllipsis,
  CircleMinus,
  CircleSlash,
  CircleX,
  LoaderCircle,
  TriangleAlert,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RunState, StepState } from "@/api/types";
import { cx } from "@/lib/cx";
import { Badge, type Tone } from "./Badge";
import s from "./Badge.module.css";

type State = RunState | StepState;

const looks: Record<State, { tone: Tone; icon: typeof CircleCheck }> = {
  queued: { tone: "idle", icon: CircleEllipsis },
  pending: { tone: "idle", icon: CircleDashed },
  running: { tone: "info", icon: LoaderCircle },
  success: { tone: "ok", icon: CircleCheck },
  failed: { tone: "danger", icon: CircleX },
  canceled: { tone: "idle", icon: CircleSlash },
  skipped: { tone: "idle", icon: CircleMinus },
  error: { tone: "warn", icon: TriangleAlert },
};

/** useLook finds a state's look; what a newer server calls it is shown by its own name. */
function useLook(state: string) {
  const { t } = useTranslation();
  const known = state in looks;
  return { ...looks[known ? (state as State) : "pending"], name: known ? t(`state.${state}`) : state };
}

/** StateIcon shows the state of a run, stage or step; its name is read aloud. */
export function StateIcon({ state, size = 17 }: { state: string; size?: number }) {
  const { tone, icon: Icon, name } = useLook(state);
  return (
    <Icon
      size={size}
      role="img"
      aria-label={name}
      className={cx(s[`icon${tone}`], state === "running" && s.turn)}
    />
  );
}

/** StateBadge is the state in words. */
export function StateBadge({ state }: { state: string }) {
  const { tone, icon: Icon, name } = useLook(state);
  return (
    <Badge tone={tone}>
      <Icon size={13} aria-hidden className={cx(state === "running" && s.turn)} />
      {name}
    </Badge>
  );
}
