import { cx } from "@/lib/cx";
import s from "./Avatar.module.css";

type AvatarProps = { name: string; seed?: string; size?: number; square?: boolean };

/** Avatar is the initials of a person (round) or a project (square) on a colour of their own. */
export function Avatar({ name, seed = name, size = 28, square }: AvatarProps) {
  const hue = hueOf(seed);
  return (
    <span
      className={cx(s.avatar, square && s.square)}
      style={{
        width: size,
        height: size,
        fontSize: Math.round(size * 0.4),
        background: `light-dark(oklch(91% 0.045 ${hue}), oklch(34% 0.055 ${hue}))`,
        color: `light-dark(oklch(38% 0.09 ${hue}), oklch(88% 0.06 ${hue}))`,
      }}
      aria-hidden
    >
      {initials(name)}
    </span>
  );
}

/** initials are two letters for names in letters, one character for Chinese ones. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const first = words[0];
  if (!first) return "?";
  if (/[\u3040-\u9fff\uac00-\ud7af]/.test(first)) return [...first].slice(-1).join("");
  const second = words.length > 1 ? words[words.length - 1] : undefined;
  return ([...first][0] + (second ? ([...second][0] ?? "") : "")).toUpperCase();
}

function hueOf(seed: string): number {
  let hash = 2166136261;
  for (const char of seed) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
  return Math.abs(hash) % 360;
}

/** CroftMark is the product's sign: a roof over two furrows. */
export function CroftMark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden className={s.croft}>
      <rect width="32" height="32" rx="8" fill="#1f6b4a" />
      <path
        d="M6.5 16.2 16 8l9.5 8.2"
        fill="none"
        stroke="#f4f1e6"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <path d="M8 21h16M8 25.2h16" stroke="#a9d8b8" strokeWidth="2.2" strokeLinecap="round" />
    </svg>
  );
}
