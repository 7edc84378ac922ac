package tiering

import (
	"time"

	"croft/objectstore/remote"
)

type tierRow struct {
	Name        string `gorm:"primaryKey"`
	Endpoint    string
	Region      string
	Style       string
	Authorities string
	Bucket      string
	Prefix      string
	AccessKey   string
	SecretKey   []byte
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
}

// TableName implements gorm's schema.Tabler.
func (tierRow) TableName() string { return "tiers" }

func (r tierRow) toApp() Tier {
	return Tier{
		Name: r.Name, Endpoint: r.Endpoint, Region: r.Region, Style: remote.Style(r.Style), Authorities: r.Authorities,
		Bucket: r.Bucket, Prefix: r.Prefix, AccessKey: r.AccessKey, CreatedAt: time.UnixMilli(r.CreatedAt).UTC(),
	}
}

func fromApp(t Tier, sealed []byte) tierRow {
	return tierRow{
		Name: t.Name, Endpoint: t.Endpoint, Region: t.Region, Style: string(t.Style), Authorities: t.Authorities,
		Bucket: t.Bucket, Prefix: t.Prefix, AccessKey: t.AccessKey, SecretKey: sealed, CreatedAt: t.CreatedAt.UnixMilli(),
	}
}

// secretPurpose names what a tier's secret key is sealed for.
func secretPurpose(name string) string { return "tiering/" + name + "/secret" }
