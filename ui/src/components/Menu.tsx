import { Check } from "lucide-react";
import { ContextMenu as Context, DropdownMenu as Radix } from "radix-ui";
import { Fragment, type ReactNode } from "react";
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

export type MenuAction = {
  id: string;
  label: string;
  icon: ReactNode;
  onSelect: () => void;
  danger?: boolean;
  /** A line above it. */
  apart?: boolean;
};

/** MenuActions are the same items in a menu of a button. */
export function MenuActions({ actions }: { actions: MenuAction[] }) {
  return actions.map((action) => (
    <Fragment key={action.id}>
      {action.apart && <MenuSeparator />}
      <MenuItem icon={action.icon} danger={action.danger} onSelect={action.onSelect}>
        {action.label}
      </MenuItem>
    </Fragment>
  ));
}

type ContextMenuProps = {
  /** What is clicked with the right button, or pressed for long. */
  children: ReactNode;
  actions: MenuAction[];
  onOpen?: () => void;
};

/** ContextMenu shows actions where a person clicks with the right button or presses for long. */
export function ContextMenu({ children, actions, onOpen }: ContextMenuProps) {
  return (
    <Context.Root modal={false} onOpenChange={(open) => open && onOpen?.()}>
      <Context.Trigger asChild>{children}</Context.Trigger>
      {actions.length > 0 && (
        <Context.Portal>
          <Context.Content className={s.menu} collisionPadding={12}>
            {actions.map((action) => (
              <Fragment key={action.id}>
                {action.apart && <Context.Separator className={s.separator} />}
                <Context.Item className={cx(s.item, action.danger && s.danger)} onSelect={action.onSelect}>
                  {action.icon}
                  <span className={s.text}>{action.label}</span>
                </Context.Item>
              </Fragment>
            ))}
          </Context.Content>
        </Context.Portal>
      )}
    </Context.Root>
  );
}
