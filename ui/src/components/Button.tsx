import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { cx } from "@/lib/cx";
import s from "./Button.module.css";
import { Tooltip } from "./Tooltip";

type Variant = "primary" | "secondary" | "ghost" | "danger" | "dangerGhost";
type Look = { variant?: Variant; size?: "sm" | "md"; wide?: boolean; icon?: ReactNode };

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> &
  Look & {
    /** An action of this button is going on: it keeps its size and cannot be pressed again. */
    busy?: boolean;
    ref?: Ref<HTMLButtonElement>;
  };

export function Button({
  variant = "secondary",
  size = "md",
  wide,
  icon,
  busy = false,
  className,
  children,
  disabled,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      type={type}
      className={cx(s.button, s[variant], size === "sm" && s.sm, wide && s.wide, className)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {busy ? <span className={s.spinner} aria-hidden /> : icon}
      {children}
    </button>
  );
}

type AnchorProps = AnchorHTMLAttributes<HTMLAnchorElement> & Look & { ref?: Ref<HTMLAnchorElement> };

/** ButtonAnchor is a plain link that looks like a button: downloads, other sites. */
export function ButtonAnchor({
  variant = "secondary",
  size = "md",
  wide,
  icon,
  className,
  children,
  ...rest
}: AnchorProps) {
  return (
    <a className={cx(s.button, s[variant], size === "sm" && s.sm, wide && s.wide, className)} {...rest}>
      {icon}
      {children}
    </a>
  );
}

/** ButtonLink goes to a route of the console. */
export const ButtonLink = createLink(ButtonAnchor);

export type IconButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> & {
  /** What it does, in words: read aloud and shown as the tooltip. */
  label: string;
  icon: ReactNode;
  size?: "sm" | "md";
  ref?: Ref<HTMLButtonElement>;
};

export function IconButton({ label, icon, size = "md", className, type = "button", ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button
        type={type}
        aria-label={label}
        className={cx(s.icon, size === "sm" && s.iconSm, className)}
        {...rest}
      >
        {icon}
      </button>
    </Tooltip>
  );
}

type IconAnchorProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "children"> & Pick<IconButtonProps, "label" | "icon" | "size">;

/** IconAnchor is a plain link that looks like an IconButton. */
export function IconAnchor({ label, icon, size = "md", className, ...rest }: IconAnchorProps) {
  return (
    <Tooltip text={label}>
      <a aria-label={label} className={cx(s.icon, size === "sm" && s.iconSm, className)} {...rest}>
        {icon}
      </a>
    </Tooltip>
  );
}
