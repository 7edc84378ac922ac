import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { FolderPlus, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { projectsQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { Project } from "@/api/types";
import { Avatar, Button, EmptyState, PageHeader, QueryView, Skeleton } from "@/components";
import { CreateProjectDialog } from "@/features/projects/CreateProjectDialog";
import { DrivesCard } from "./DrivesCard";
import s from "./Overview.module.css";
import { RecentRuns } from "./RecentRuns";
import { UnreadCard } from "./UnreadCard";

const route = getRouteApi("/app/");

export function OverviewPage() {
  const { t } = useTranslation("overview");
  const me = useMe();
  const { create = false } = route.useSearch();
  const navigate = useNavigate();
  const projects = useQuery(projectsQuery);
  const setCreate = (open: boolean) =>
    void navigate({ to: "/", search: open ? { create: true } : {}, replace: true });
  return (
    <>
      <PageHeader
        title={t("title", { name: me.displayName || me.name })}
        documentTitle={t("documentTitle")}
        actions={
          <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreate(true)}>
            {t("newProject")}
          </Button>
        }
      />
      <div className={s.columns}>
        <div className={s.column}>
          <section>
            <div className={s.sectionTitle}>
              <h2>{t("projects")}</h2>
            </div>
            <QueryView query={projects} skeleton={<ProjectsSkeleton />}>
              {(list) =>
                list.length === 0 ? (
                  <EmptyState
                    icon={<FolderPlus size={22} />}
                    title={t("noProjects")}
                    action={
                      <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreate(true)}>
                        {t("createFirst")}
                      </Button>
                    }
                  >
                    {t("noProjectsBody")}
                  </EmptyState>
                ) : (
                  <div className={s.projects}>
                    {list.map((project) => (
                      <ProjectCard key={project.id} project={project} />
                    ))}
                  </div>
                )
              }
            </QueryView>
          </section>
          <RecentRuns projects={projects.data} />
        </div>
        <div className={s.column}>
          <UnreadCard />
          <DrivesCard />
        </div>
      </div>
      <CreateProjectDialog open={create} onOpenChange={setCreate} />
    </>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const { t } = useTranslation();
  return (
    <Link to="/projects/$project" params={{ project: project.slug }} className={s.project}>
      <Avatar name={project.name} seed={project.slug} size={40} square />
      <b>{project.name}</b>
      <small>{t(`role.${project.role}`)}</small>
      {project.description && <p>{project.description}</p>}
    </Link>
  );
}

function ProjectsSkeleton() {
  return (
    <div className={s.projects} aria-busy>
      {[0, 1].map((i) => (
        <Skeleton key={i} width="100%" height={116} radius={11} />
      ))}
    </div>
  );
}
