package notification

import (
	"slices"
	"strings"

	"croft/objectstore"
)

// Name is what an event is called: "s3:ObjectCreated:Put".
type Name string

// The events that Croft tells of.
const (
	CreatedPut      Name = "s3:ObjectCreated:Put"
	CreatedPost     Name = "s3:ObjectCreated:Post"
	CreatedCopy     Name = "s3:ObjectCreated:Copy"
	CreatedComplete Name = "s3:ObjectCreated:CompleteMultipartUpload"
	RemovedDelete   Name = "s3:ObjectRemoved:Delete"
	RemovedMarker   Name = "s3:ObjectRemoved:DeleteMarkerCreated"
	TaggingPut      Name = "s3:ObjectTagging:Put"
	TaggingDelete   Name = "s3:ObjectTagging:Delete"
	ACLPut          Name = "s3:ObjectAcl:Put"
	ExpiredDelete   Name = "s3:LifecycleExpiration:Delete"
	ExpiredMarker   Name = "s3:LifecycleExpiration:DeleteMarkerCreated"
	Transitioned    Name = "s3:LifecycleTransition"
	RestoreAsked    Name = "s3:ObjectRestore:Post"
	RestoreDone     Name = "s3:ObjectRestore:Completed"
	RestoreEnded    Name = "s3:ObjectRestore:Delete"
)

// Names are all of them.
var Names = []Name{
	CreatedPut, CreatedPost, CreatedCopy, CreatedComplete, RemovedDelete, RemovedMarker, TaggingPut, TaggingDelete, ACLPut,
	ExpiredDelete, ExpiredMarker, Transitioned, RestoreAsked, RestoreDone, RestoreEnded,
}

// accessed begins the names of events of reads, which MinIO has. A rule that also names
// others may name them; nothing is told of them.
const accessed = "s3:ObjectAccessed:"

// untold begin the names of events that S3 or MinIO have and Croft does not tell of.
var untold = []string{
	"s3:Replication:", "s3:ReducedRedundancyLostObject", "s3:IntelligentTiering", accessed,
	"s3:ObjectCreated:", "s3:ObjectRemoved:", "s3:ObjectTagging:", "s3:BucketCreated:", "s3:BucketRemoved:", "s3:Scanner:", "s3:TestEvent",
}

// expand returns the events that a name of a rule stands for, which may end in ":*".
func expand(text string) ([]Name, error) {
	if slices.Contains(Names, Name(text)) {
		return []Name{Name(text)}, nil
	}
	var all []Name
	if group, ok := strings.CutSuffix(text, "*"); ok && strings.HasSuffix(group, ":") && strings.Count(group, ":") == 2 {
		for _, n := range Names {
			if strings.HasPrefix(string(n), group) {
				all = append(all, n)
			}
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	for _, begin := range untold {
		if strings.HasPrefix(text, begin) {
			return nil, unsupported("Croft does not tell of %s. It tells of s3:ObjectCreated:*, s3:ObjectRemoved:*, s3:ObjectTagging:*, s3:ObjectAcl:Put, "+
				"s3:LifecycleExpiration:*, s3:LifecycleTransition and s3:ObjectRestore:*.", clip(text))
		}
	}
	return nil, invalid("The event %s is not supported for notifications.", clip(text))
}

// nameOf is what a change is called; empty for one that nobody is told of.
func nameOf(h *objectstore.Happening, from *objectstore.Origin) Name {
	switch h.What {
	case objectstore.HappenedPut:
		if from.Form {
			return CreatedPost
		}
		return CreatedPut
	case objectstore.HappenedCopy:
		return CreatedCopy
	case objectstore.HappenedComplete:
		return CreatedComplete
	case objectstore.HappenedDelete:
		if from.Lifecycle {
			return ExpiredDelete
		}
		return RemovedDelete
	case objectstore.HappenedMarker:
		if from.Lifecycle {
			return ExpiredMarker
		}
		return RemovedMarker
	case objectstore.HappenedTag:
		return TaggingPut
	case objectstore.HappenedUntag:
		return TaggingDelete
	case objectstore.HappenedAttribute:
		return ACLPut
	case objectstore.HappenedMove:
		return Transitioned
	case objectstore.HappenedRestore:
		return RestoreAsked
	case objectstore.HappenedRestored:
		return RestoreDone
	case objectstore.HappenedRestoreEnd:
		return RestoreEnded
	}
	return ""
}
