import { Check } from "lucide-react";
import { DropdownMenu as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import s from "./Menu.module.css";

type MenuProps = {
  /** The one button that opens it. */
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom" | "right";
};

export function Menu({ trigger, children, align = "end", side = "bottom" }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={s.menu} align={align} side={side} sideOffset={6} collisionPadding={12}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type ItemProps = {
  icon?: ReactNode;
  children: ReactNode;
  onSelect?: () => void;
  danger?: boolean;
  disabled?: boolean;
  /** Gives the item a tick or the room for one. */
  checked?: boolean;
  /** The only child is a link that becomes the item. */
  asChild?: boolean;
};

export function MenuItem({ icon, children, onSelect, danger, disabled, checked, asChild }: ItemProps) {
  const className = cx(s.item, danger && s.danger);
  if (asChild) {
    return (
      <Radix.Item asChild className={className} disabled={disabled} onSelect={onSelect}>
        {children}
      </Radix.Item>
    );
  }
  return (
    <Radix.Item
      className={className}
      disabled={disabled}
      onSelect={onSelect}
      role={checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={checked}
    >
      {icon}
      <span className={s.text}>{children}</span>
      {checked && <Check size={15} aria-hidden />}
    </Radix.Item>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className={s.label}>{children}</Radix.Label>;
}

export function MenuSeparator() {
  return <Radix.Separator className={s.separator} />;
}
