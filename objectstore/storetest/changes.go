package storetest

import (
	"fmt"
	"slices"
	"strings"

	"croft/objectstore"
)

// changeTests hold for engines that are an objectstore.ChangeFeed.
var changeTests = []test{
	{"NotedFromFollowOn", func(f *fixture) {
		s := f.feed()
		f.put("before", []byte("1"))
		bell := s.Changed()
		bookmark, err := s.Follow(f.ctx, objectstore.Follower{Name: "rule", Bucket: "bucket"})
		f.ok("follow", err)
		if len(bookmark) != 0 {
			f.Fatalf("bookmark %q of a new follower", bookmark)
		}
		f.pending("rule")
		select {
		case <-bell:
			f.Fatal("the bell rang for nothing")
		default:
		}
		f.put("a", []byte("22"))
		f.put("b", []byte("333"))
		<-bell
		_, err = f.Delete(f.ctx, "bucket", "a")
		f.ok("delete", err)
		_, err = f.Delete(f.ctx, "bucket", "before")
		f.ok("delete", err)
		_, err = f.Delete(f.ctx, "bucket", "nothing")
		f.ok("delete", err)
		// What a key held meanwhile nobody needs; its place in the order stays.
		list := f.pending("rule", "delete a", "put b", "delete before")
		b, err := s.Backlog(f.ctx, "rule")
		f.ok("backlog", err)
		if b.Changes != 3 || b.Bytes != 3 || !b.Oldest.Equal(list[0].Since) || b.Oldest.IsZero() {
			f.Fatalf("backlog %+v", b)
		}
		f.ok("settle", s.Settle(f.ctx, "rule", list[:2]))
		f.pending("rule", "delete before")
		f.ok("settle again", s.Settle(f.ctx, "rule", list))
		f.pending("rule")
		if b, err = s.Backlog(f.ctx, "rule"); err != nil || b != (objectstore.Backlog{}) {
			f.Fatalf("backlog %+v, %v", b, err)
		}
	}},
	{"WhatChangedMeanwhileStays", func(f *fixture) {
		s := f.feed()
		f.follow("rule", "")
		f.put("k", []byte("1"))
		f.put("l", []byte("1"))
		read := f.pending("rule", "put k", "put l")
		one, err := s.Changes(f.ctx, objectstore.ChangesRequest{Follower: "rule", Key: "l"})
		if err != nil || len(one) != 1 || one[0] != read[1] {
			f.Fatalf("changes of one key: %+v, %v", one, err)
		}
		f.put("k", []byte("2"))
		f.ok("settle what was read before", s.Settle(f.ctx, "rule", read))
		left := f.pending("rule", "put k")
		if !left[0].Since.Equal(read[0].Since) {
			f.Fatalf("waits since %v, and it was %v", left[0].Since, read[0].Since)
		}
		f.ok("settle", s.Settle(f.ctx, "rule", left))
		f.pending("rule")
	}},
	{"OnlyOwnBucketAndPrefix", func(f *fixture) {
		s := f.feed()
		_, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: "another"})
		f.ok("create", err)
		f.follow("all", "")
		f.follow("some", "logs/")
		_, err = f.Put(f.ctx, objectstore.PutRequest{Bucket: "another", Key: "logs/x", Body: strings.NewReader("x"), Size: 1})
		f.ok("put", err)
		f.put("logs/a", nil)
		f.put("log", nil)
		f.pending("all", "put logs/a", "put log")
		f.ok("settle", s.Settle(f.ctx, "all", f.pending("some", "put logs/a")))
		f.pending("some", "put logs/a")
		f.pending("all", "put log")
		_, err = s.Changes(f.ctx, objectstore.ChangesRequest{Follower: "nobody"})
		f.wants("changes for nobody", err, objectstore.ErrNotFollowed)
		_, err = s.Backlog(f.ctx, "nobody")
		f.wants("backlog of nobody", err, objectstore.ErrNotFollowed)
		_, err = s.Follow(f.ctx, objectstore.Follower{Name: "x", Bucket: "missing"})
		f.wants("follow a bucket that is not there", err, objectstore.ErrBucketNotFound)
		f.ok("unfollow", s.Unfollow(f.ctx, "all"))
		f.ok("unfollow again", s.Unfollow(f.ctx, "all"))
		all, err := s.Followers(f.ctx)
		f.ok("followers", err)
		if !slices.Equal(all, []objectstore.Follower{{Name: "some", Bucket: "bucket", Prefix: "logs/"}}) {
			f.Fatalf("followers %+v", all)
		}
	}},
	{"EveryVersion", func(f *fixture) {
		v := f.versioned(objectstore.VersioningEnabled)
		f.follow("rule", "")
		first, second := f.put("k", []byte("1")), f.put("k", []byte("2"))
		d, err := v.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", "")})
		f.ok("delete", err)
		list := f.pending("rule", "put k", "put k", "delete k")
		for i, id := range []string{first.VersionID, second.VersionID, d.VersionID} {
			if list[i].VersionID != id {
				f.Fatalf("change %d is of version %s, want %s", i, list[i].VersionID, id)
			}
		}
		// A version that is gone for ever need not go anywhere. What it uncovers does.
		_, err = v.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", first.VersionID)})
		f.ok("delete a version", err)
		_, err = v.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", d.VersionID)})
		f.ok("delete the marker", err)
		list = f.pending("rule", "gone k", "put k", "gone k", "put k")
		if list[3].VersionID != second.VersionID {
			f.Fatalf("uncovered %+v", list[3])
		}
		_, err = v.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", second.VersionID)})
		f.ok("delete the last", err)
		f.pending("rule", "gone k", "gone k", "gone k", "gone k", "delete k")
	}},
	{"NullVersionsKeepTheOrder", func(f *fixture) {
		f.follow("rule", "")
		f.put("k", []byte("null"))
		v := f.versioned(objectstore.VersioningEnabled)
		own := f.put("k", []byte("own"))
		f.versioned(objectstore.VersioningSuspended)
		f.put("k", []byte("null again"))
		list := f.pending("rule", "put k", "put k", "put k")
		if list[0].VersionID != objectstore.NullVersion || list[1].VersionID != own.VersionID || list[2].VersionID != objectstore.NullVersion {
			f.Fatalf("%+v", list)
		}
		_, err := v.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", objectstore.NullVersion)})
		f.ok("delete the null version", err)
		if list = f.pending("rule", "put k", "put k", "put k", "put k"); list[3].VersionID != own.VersionID {
			f.Fatalf("uncovered %+v", list[3])
		}
	}},
	{"TagsButNotLocks", func(f *fixture) {
		v := f.versioned(objectstore.VersioningEnabled)
		f.follow("rule", "")
		o := f.put("k", []byte("1"))
		settle := func(want ...string) {
			f.Helper()
			f.ok("settle", f.feed().Settle(f.ctx, "rule", f.pending("rule", want...)))
		}
		settle("put k")
		_, err := v.UpdateVersion(f.ctx, ref("k", o.VersionID), false, func(*objectstore.Attributes) error { return nil })
		f.ok("update nothing", err)
		settle()
		_, err = v.UpdateVersion(f.ctx, ref("k", o.VersionID), false, func(a *objectstore.Attributes) error {
			a.Tags = map[string]string{"a": "b"}
			return nil
		})
		f.ok("tag", err)
		settle("put k")
	}},
	{"UploadsAndCopies", func(f *fixture) {
		f.follow("rule", "")
		u := f.upload("u")
		f.part(u, 1, []byte("part"))
		f.pending("rule")
		f.complete(u, 1)
		_, err := f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "u", Bucket: "bucket", Key: "copy"})
		f.ok("copy", err)
		f.pending("rule", "put u", "put copy")
	}},
	{"Recall", func(f *fixture) {
		s := f.feed()
		f.put("old", []byte("1"))
		f.put("new", []byte("1"))
		f.follow("rule", "")
		f.put("new", []byte("2"))
		what := []objectstore.Recalled{{Key: "old"}, {Key: "new"}, {Key: "stray"}}
		f.ok("recall", s.Recall(f.ctx, "rule", what, []byte("here")))
		list := f.pending("rule", "put old", "put new", "delete stray")
		if !list[0].Recalled || list[1].Recalled || !list[2].Recalled {
			f.Fatalf("%+v", list)
		}
		f.ok("recall again", s.Recall(f.ctx, "rule", what[:2], []byte("there")))
		f.pending("rule", "put old", "put new", "delete stray")
		bookmark, err := s.Follow(f.ctx, objectstore.Follower{Name: "rule", Bucket: "bucket"})
		f.ok("follow again", err)
		if string(bookmark) != "there" {
			f.Fatalf("bookmark %q", bookmark)
		}
		b, err := s.Backlog(f.ctx, "rule")
		f.ok("backlog", err)
		if b.Changes != 3 || b.Bytes != 2 {
			f.Fatalf("backlog %+v", b)
		}
		f.wants("recall for nobody", s.Recall(f.ctx, "nobody", what, nil), objectstore.ErrNotFollowed)
	}},
	{"RecallVersions", func(f *fixture) {
		f.versioned(objectstore.VersioningEnabled)
		one := f.put("k", []byte("1"))
		f.put("k", []byte("2"))
		three := f.put("k", []byte("3"))
		f.follow("rule", "")
		f.ok("recall", f.feed().Recall(f.ctx, "rule", []objectstore.Recalled{{Key: "k", VersionID: three.VersionID}, {Key: "k", VersionID: one.VersionID}}, []byte("x")))
		list := f.pending("rule", "put k", "put k")
		if list[0].VersionID != one.VersionID || list[1].VersionID != three.VersionID {
			f.Fatalf("%+v", list)
		}
	}},
	{"Pages", func(f *fixture) {
		s := f.feed()
		f.follow("rule", "")
		var want []string
		for i := range 25 {
			key := fmt.Sprintf("%02d", 25-i)
			f.put(key, nil)
			want = append(want, key)
		}
		var got []string
		for after := uint64(0); ; {
			page, err := s.Changes(f.ctx, objectstore.ChangesRequest{Follower: "rule", After: after, Limit: 10})
			f.ok("changes", err)
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				got, after = append(got, c.Key), c.Position
			}
		}
		if !slices.Equal(got, want) {
			f.Fatalf("got %v", got)
		}
	}},
	{"EndsWithTheBucket", func(f *fixture) {
		s := f.feed()
		f.follow("rule", "")
		f.put("k", nil)
		_, err := f.Delete(f.ctx, "bucket", "k")
		f.ok("delete", err)
		f.ok("delete the bucket", f.DeleteBucket(f.ctx, "bucket"))
		_, err = f.CreateBucket(f.ctx, objectstore.Bucket{Name: "bucket"})
		f.ok("make it again", err)
		f.put("k", nil)
		_, err = s.Changes(f.ctx, objectstore.ChangesRequest{Follower: "rule"})
		f.wants("changes", err, objectstore.ErrNotFollowed)
		f.follow("rule", "")
		f.pending("rule")
	}},
}

func (f *fixture) feed() objectstore.ChangeFeed {
	f.Helper()
	s, ok := f.Store.(objectstore.ChangeFeed)
	if !ok {
		f.Fatal("the engine is no ChangeFeed")
	}
	return s
}

func (f *fixture) follow(name, prefix string) {
	f.Helper()
	if _, err := f.feed().Follow(f.ctx, objectstore.Follower{Name: name, Bucket: "bucket", Prefix: prefix}); err != nil {
		f.Fatalf("follow: %v", err)
	}
}

// pending checks a backlog, such as "put key", and returns it.
func (f *fixture) pending(follower string, want ...string) []objectstore.Change {
	f.Helper()
	list, err := f.feed().Changes(f.ctx, objectstore.ChangesRequest{Follower: follower})
	if err != nil {
		f.Fatalf("changes: %v", err)
	}
	var got []string
	for _, c := range list {
		got = append(got, map[objectstore.ChangeKind]string{
			objectstore.ChangePut: "put ", objectstore.ChangeDelete: "delete ", objectstore.ChangeGone: "gone ",
		}[c.Kind]+c.Key)
	}
	if !slices.Equal(got, want) {
		f.Fatalf("pending: %v, want %v", got, want)
	}
	return list
}
