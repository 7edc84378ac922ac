/** Addresses that one feature's page gives to another feature's page. */

export function pipelinesPath(project: string): string {
  return `/projects/${project}/pipelines`;
}

export function repositoryPath(project: string, repository: string): string {
  return `${pipelinesPath(project)}/${encodeURIComponent(repository)}`;
}

export function runPath(project: string, repository: string, number: number): string {
  return `${repositoryPath(project, repository)}/runs/${number}`;
}

export function roomPath(room: string): string {
  return `/chat/${room}`;
}

export function bucketPath(bucket: string): string {
  return `/buckets/${bucket}`;
}
