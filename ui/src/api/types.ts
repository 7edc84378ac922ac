/**
 * The console API's words as the UI uses them. Features import types from here and never from the
 * generated schema, so that one file shows what the UI relies on.
 */
import type { components } from "./schema";

type S = components["schemas"];

export type Instance = S["Instance"];
export type User = S["User"];
export type Session = S["Session"];
export type LoginSession = S["BrowserSession"];
export type ApiToken = S["Token"];
export type S3Key = S["AccessKey"];
/** The only answer with the secret in it. */
export type NewS3Key = S["NewAccessKey"];

export type Project = S["Project"];
export type ProjectStorage = S["ProjectStorage"];
export type Member = S["Member"];
export type Role = S["Member"]["role"];
export type AuditEntry = S["AuditEntry"];
export type S3Request = S["S3Request"];

export type Repository = S["Repository"];
/** The only answer with the webhook's secret in it. */
export type NewRepository = S["NewRepository"];
export type RunSummary = S["RunSummary"];
export type Run = S["Run"];
export type RunState = S["Run"]["state"];
export type Stage = S["Stage"];
export type Step = S["Step"];
export type StepState = S["Step"]["state"];
export type Artifact = S["Artifact"];

export type Bucket = S["Bucket"];
export type ObjectInfo = S["Object"];
export type Shared = S["Shared"];
export type UploadPart = S["UploadPart"];
export type BucketDetails = S["BucketDetails"];
export type BucketSettings = S["BucketSettings"];
export type BucketChange = S["UpdateBucketRequest"];
export type BucketAccess = S["BucketAccess"];
export type BucketAccessChange = S["UpdateBucketAccessRequest"];
export type BucketWeb = S["BucketWeb"];
export type BucketWebChange = S["UpdateBucketWebRequest"];
export type CORSRule = S["CORSRule"];
export type ObjectVersion = S["Version"];
export type ObjectList = S["ObjectList"];
export type UnfinishedUpload = S["UnfinishedUpload"];
export type Share = S["ShareLink"];
export type BucketEvents = S["BucketEvents"];
export type EventAnswer = S["EventAnswer"];
export type EventRule = S["EventRule"];
export type EventTarget = S["EventTarget"];
export type EventWebhook = S["EventWebhook"];
export type NewEventWebhook = S["NewEventWebhook"];
export type OfferedEvent = S["OfferedEvent"];
export type InventoryConfiguration = S["InventoryConfiguration"];
export type InventoryReport = S["InventoryReport"];
export type ReplicationRule = S["ReplicationRule"];
export type ReplicationTarget = S["ReplicationTarget"];
export type NewReplicationRule = S["NewReplicationRule"];
export type Tier = S["Tier"];
export type NewTier = S["NewTier"];
export type LifecycleRule = S["LifecycleRule"];
export type LifecycleStatus = S["LifecycleStatus"];

export type Room = S["Room"];
export type Message = S["Message"];
export type ChatFile = S["ChatFile"];
export type RunCard = S["RunCard"];

export type DriveHealth = S["Drive"];
export type DrivesHealth = S["DriveHealth"];
export type EncryptionState = S["EncryptionState"];
export type TargetHealth = S["Target"];

export type Group = S["Group"];
export type GroupDetails = S["GroupDetails"];
export type UserGroup = S["UserGroup"];
export type UserIdentity = S["UserIdentity"];
export type HeldPolicies = S["HeldPolicies"];
export type Policy = S["Policy"];
export type PolicyDetails = S["PolicyDetails"];
export type IamRole = S["IAMRole"];
export type IamRoleDetails = S["IAMRoleDetails"];
export type IdentityProvider = S["IdentityProvider"];

export type PolicyLanguage = S["PolicyLanguage"];
export type PolicyAction = S["PolicyAction"];
export type SimulationRequest = S["SimulationRequest"];
export type SimulatedAnswer = S["SimulatedAnswer"];
export type SimulatedStatement = S["SimulatedStatement"];

export type UsageHistory = S["UsageHistory"];
export type UsagePoint = S["UsagePoint"];
export type BucketStanding = S["BucketStanding"];
export type UsageRange = "day" | "week" | "month" | "year";
/** By what buckets are compared. */
export type TopOrder = "size" | "growth" | "requests";
export type BucketInventory = S["BucketInventory"];
export type BucketLifecycle = S["BucketLifecycle"];
