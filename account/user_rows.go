package account

type userRow struct {
	ID           string
	Name         string
	DisplayName  string
	Locale       string
	PasswordHash string
	Admin        bool
	Disabled     bool
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	ByID         bool
}

func (userRow) TableName() string { return "users" }

func (r userRow) toApp() User {
	return User{
		ID: r.ID, Name: r.Name, DisplayName: r.DisplayName, Locale: r.Locale,
		Admin: r.Admin, Disabled: r.Disabled, CreatedAt: fromMillis(r.CreatedAt), ByID: r.ByID,
	}
}

func (r userRow) principal(via Via, credential string) Principal {
	return Principal{UserID: r.ID, Name: r.Name, Admin: r.Admin, Via: via, CredentialID: credential, ByID: r.ByID}
}
