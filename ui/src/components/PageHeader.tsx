import { ChevronRight } from "lucide-react";
import { Fragment, useEffect, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import s from "./PageHeader.module.css";

type PageHeaderProps = {
  title: ReactNode;
  /** For the browser's tab when the title is not plain text. */
  documentTitle?: string;
  description?: ReactNode;
  breadcrumbs?: ReactNode[];
  actions?: ReactNode;
};

/** PageHeader names the page: its h1 takes the focus when the route changes. */
export function PageHeader({ title, documentTitle, description, breadcrumbs, actions }: PageHeaderProps) {
  const name = documentTitle ?? (typeof title === "string" ? title : "");
  useDocumentTitle(name);
  return (
    <header className={s.header}>
      <div className={s.text}>
        {breadcrumbs && <Breadcrumbs items={breadcrumbs} />}
        <h1
          className={cx(s.title, typeof title === "string" && s.words)}
          title={typeof title === "string" ? title : undefined}
          tabIndex={-1}
          data-page-title
        >
          {title}
        </h1>
        {description !== undefined && <p className={s.description}>{description}</p>}
      </div>
      {actions !== undefined && <div className={s.actions}>{actions}</div>}
    </header>
  );
}

export function Breadcrumbs({ items }: { items: ReactNode[] }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("breadcrumbs")}>
      <ol className={s.crumbs}>
        {items.map((item, index) => (
          <Fragment key={index}>
            <li>
              {index > 0 && <ChevronRight size={13} aria-hidden />}
              {item}
            </li>
          </Fragment>
        ))}
      </ol>
    </nav>
  );
}

export function useDocumentTitle(name: string) {
  useEffect(() => {
    document.title = name ? `${name} · Croft` : "Croft";
  }, [name]);
}
