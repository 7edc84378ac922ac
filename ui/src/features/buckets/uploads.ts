import { useSyncExternalStore } from "react";
import { csrfHeaders } from "@/api/client";
import { ApiError, toApiError } from "@/api/errors";
import { queryClient } from "@/api/session";
import { objectAddress } from "./queries";

export type Upload = {
  id: number;
  bucket: string;
  key: string;
  size: number;
  sent: number;
  state: "waiting" | "sending" | "done" | "failed" | "canceled";
  error?: unknown;
};

type Job = Upload & { file: File; request?: XMLHttpRequest };

/** So many files are on their way at once. */
const lanes = 3;

let jobs: Job[] = [];
let shown: Upload[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change() {
  // Copies, so that whoever shows them sees that something changed.
  shown = jobs.map((job) => ({ ...job }));
  for (const listener of listeners) listener();
}

function update(job: Job, fields: Partial<Job>) {
  Object.assign(job, fields);
  change();
}

/** upload queues files; they go on while the user looks at other pages. */
export function upload(bucket: string, files: { key: string; file: File }[]) {
  for (const { key, file } of files) {
    lastId++;
    jobs.push({ id: lastId, bucket, key, file, size: file.size, sent: 0, state: "waiting" });
  }
  change();
  next();
}

export function cancelUpload(id: number) {
  const job = jobs.find((candidate) => candidate.id === id);
  if (!job || job.state === "done") return;
  job.request?.abort();
  update(job, { state: "canceled" });
  next();
}

export function retryUpload(id: number) {
  const job = jobs.find((candidate) => candidate.id === id);
  if (!job) return;
  update(job, { state: "waiting", sent: 0, error: undefined });
  next();
}

export function clearUploads() {
  jobs = jobs.filter((job) => job.state === "waiting" || job.state === "sending");
  change();
}

function next() {
  const sending = jobs.filter((job) => job.state === "sending").length;
  for (const job of jobs.filter((candidate) => candidate.state === "waiting").slice(0, lanes - sending)) send(job);
}

/** send uses XMLHttpRequest because fetch does not tell how much has been sent. */
function send(job: Job) {
  const request = new XMLHttpRequest();
  update(job, { state: "sending", request });
  request.open("PUT", objectAddress(job.bucket, job.key));
  request.setRequestHeader("Content-Type", job.file.type || "application/octet-stream");
  for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => update(job, { sent: event.loaded });
  request.onload = () => {
    if (request.status >= 200 && request.status < 300) {
      update(job, { state: "done", sent: job.size, request: undefined });
      void queryClient.invalidateQueries({ queryKey: ["buckets", job.bucket] });
      next();
      return;
    }
    const response = new Response(request.responseText, { status: request.status });
    void toApiError(response).then((error) => fail(job, error));
  };
  request.onerror = () => fail(job, new ApiError(0, "network", ""));
  request.send(job.file);
}

function fail(job: Job, error: unknown) {
  update(job, { state: "failed", error, request: undefined });
  next();
}

export function useUploads(): Upload[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}
