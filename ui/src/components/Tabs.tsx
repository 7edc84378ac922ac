import { createLink, useLocation } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { Tabs as Radix } from "radix-ui";
import { useEffect, useRef, type AnchorHTMLAttributes, type ReactNode, type Ref, type RefObject } from "react";
import { useEdges } from "@/lib/edges";
import { cx } from "@/lib/cx";
import s from "./Tabs.module.css";

type Tab = { value: string; label: ReactNode; content: ReactNode };

type TabsProps = { label: string; tabs: Tab[]; value: string; onValueChange: (value: string) => void };

/** Tabs switch between views inside a page; places with their own address use NavTabs. */
export function Tabs({ label, tabs, value, onValueChange }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  return (
    <Radix.Root value={value} onValueChange={onValueChange}>
      <Scrolling list={list}>
        <Radix.List className={s.list} aria-label={label} ref={list}>
          {tabs.map((tab) => (
            <Radix.Trigger key={tab.value} value={tab.value} className={s.tab}>
              {tab.label}
            </Radix.Trigger>
          ))}
        </Radix.List>
      </Scrolling>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className={s.panel}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}

export function NavTabs({ label, children }: { label: string; children: ReactNode }) {
  const list = useRef<HTMLElement>(null);
  const path = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    // On phones the tabs scroll: the one we are on must be seen, with its font already there.
    const show = () => {
      const active = list.current?.querySelector<HTMLElement>("[data-status=active]");
      if (!list.current || !active) return;
      list.current.scrollLeft = active.offsetLeft - (list.current.clientWidth - active.offsetWidth) / 2;
    };
    show();
    void document.fonts.ready.then(show);
  }, [path]);
  return (
    <Scrolling list={list}>
      <nav className={s.list} aria-label={label} ref={list}>
        {children}
      </nav>
    </Scrolling>
  );
}

/** Scrolling shows at the edges of a row of tabs that there are more behind them. */
function Scrolling({ list, children }: { list: RefObject<HTMLElement | null>; children: ReactNode }) {
  const { before, behind } = useEdges(list);
  return (
    <div className={cx(s.scrolling, before && s.before, behind && s.behind)}>
      {children}
      {before && <ChevronLeft className={s.left} size={16} aria-hidden />}
      {behind && <ChevronRight className={s.right} size={16} aria-hidden />}
    </div>
  );
}

function TabAnchor({
  className,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> }) {
  return <a className={cx(s.tab, className)} {...rest} />;
}

export const NavTab = createLink(TabAnchor);
