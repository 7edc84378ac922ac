package account

type sessionRow struct {
	ID         string
	UserID     string
	TokenHash  []byte
	UserAgent  string
	Address    string
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	LastSeenAt int64
	ExpiresAt  int64
}

func (sessionRow) TableName() string { return "sessions" }
