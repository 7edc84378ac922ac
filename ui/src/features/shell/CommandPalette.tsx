import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { Fragment, useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import s from "./CommandPalette.module.css";
import { matches, useCommands, type Command } from "./commands";

type PaletteProps = { open: boolean; onOpenChange: (open: boolean) => void };

/** CommandPalette jumps to any project or page, or does a common thing, by typing. */
export function CommandPalette({ open, onOpenChange }: PaletteProps) {
  const { t } = useTranslation("shell");
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className={s.overlay} />
        <Dialog.Content className={s.palette} aria-describedby={undefined}>
          <Dialog.Title className="srOnly">{t("palette.title")}</Dialog.Title>
          <Palette onClose={() => onOpenChange(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("shell");
  const [text, setText] = useState("");
  const [selected, setSelected] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const found = useCommands().filter((command) => matches(command, text));
  const current = found[Math.min(selected, found.length - 1)];

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [selected, text]);

  function run(command: Command) {
    onClose();
    command.run();
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      setSelected((selected + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter" && current) {
      event.preventDefault();
      run(current);
    }
  }
  return (
    <>
      <div className={s.inputRow}>
        <Search size={18} aria-hidden />
        <input
          className={s.input}
          role="combobox"
          aria-expanded
          aria-controls="palette-list"
          aria-activedescendant={current && `palette-${current.id}`}
          aria-label={t("palette.title")}
          placeholder={t("palette.placeholder")}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setSelected(0);
          }}
          onKeyDown={onKeyDown}
          autoComplete="off"
          spellCheck={false}
        />
      </div>
      <div className={s.list} id="palette-list" role="listbox" aria-label={t("palette.title")} ref={list}>
        {found.map((command, index) => (
          <Fragment key={command.id}>
            {command.group !== found[index - 1]?.group && (
              <div className={s.group} role="presentation">
                {command.group}
              </div>
            )}
            {/* The keyboard's way to an option is the combobox above. */}
            <div
              id={`palette-${command.id}`}
              role="option"
              aria-selected={command === current}
              className={s.item}
              onMouseMove={() => setSelected(index)}
              onClick={() => run(command)}
            >
              {command.icon}
              {command.label}
              {command.hint !== undefined && <span className={s.hint}>{command.hint}</span>}
            </div>
          </Fragment>
        ))}
        {found.length === 0 && <p className={s.none}>{t("palette.none")}</p>}
      </div>
    </>
  );
}
