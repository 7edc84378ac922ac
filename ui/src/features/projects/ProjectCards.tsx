import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { membersQuery } from "@/api/queries";
import type { Project } from "@/api/types";
import { Avatar, Card, QueryView, Skeleton, Time } from "@/components";
import { bucketPath } from "@/lib/paths";
import s from "./Project.module.css";

const shown = 6;

export function PeopleCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  const members = useQuery(membersQuery(project.slug));
  return (
    <Card
      title={t("members")}
      actions={
        <Link to="/projects/$project/members" params={{ project: project.slug }}>
          {t("allMembers")}
        </Link>
      }
    >
      <QueryView query={members} bare skeleton={<Skeleton width="100%" height={28} />}>
        {(list) => (
          <ul className={s.people}>
            {list.slice(0, shown).map(({ user, role }) => (
              <li key={user.id} className={s.person}>
                <Avatar name={user.displayName || user.name} seed={user.id} />
                <span>{user.displayName || user.name}</span>
                <small>{t(`common:role.${role}`)}</small>
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Card>
  );
}

export function FactsCard({ project }: { project: Project }) {
  const { t } = useTranslation("projects");
  return (
    <Card title={t("facts")}>
      <dl className={s.facts}>
        <div>
          <dt>{t("myRole")}</dt>
          <dd>{t(`common:role.${project.role}`)}</dd>
        </div>
        <div>
          <dt>{t("created")}</dt>
          <dd>
            <Time value={project.createdAt} />
          </dd>
        </div>
        <div>
          <dt>{t("artifacts")}</dt>
          <dd>
            <Link to={bucketPath(project.artifactBucket)}>{project.artifactBucket}</Link>
          </dd>
        </div>
      </dl>
    </Card>
  );
}
