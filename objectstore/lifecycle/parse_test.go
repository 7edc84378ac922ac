package lifecycle

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"croft/internal/errs"
)

func document(rules ...string) string {
	return `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + strings.Join(rules, "") + `</LifecycleConfiguration>`
}

// rule is a rule that is all right but for what is added to it.
func rule(inside string) string {
	return document("<Rule><ID>one</ID><Status>Enabled</Status>" + inside + "</Rule>")
}

const all = "<Filter/>"

func TestParseTakes(t *testing.T) {
	for name, text := range map[string]string{
		"old prefix":       rule("<Prefix>logs/</Prefix><Expiration><Days>1</Days></Expiration>"),
		"no namespace":     strings.Replace(rule(all+"<Expiration><Days>1</Days></Expiration>"), ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`, "", 1),
		"empty prefix":     rule("<Filter><Prefix></Prefix></Filter><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>"),
		"tag":              rule("<Filter><Tag><Key>k</Key><Value></Value></Tag></Filter><Expiration><Date>2030-01-01</Date></Expiration>"),
		"larger than 0":    rule("<Filter><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan></Filter><Expiration><Days>1</Days></Expiration>"),
		"smaller":          rule("<Filter><ObjectSizeLessThan>1</ObjectSizeLessThan></Filter><Expiration><Days>1</Days></Expiration>"),
		"and":              rule("<Filter><And><Prefix></Prefix><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>6</ObjectSizeLessThan></And></Filter><Expiration><Days>1</Days></Expiration>"),
		"false beside":     rule(all + "<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration>"),
		"markers":          rule(all + "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"),
		"noncurrent":       rule(all + "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>100</NewerNoncurrentVersions></NoncurrentVersionExpiration>"),
		"only newer":       rule(all + "<NoncurrentVersionExpiration><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>"),
		"abort":            rule(all + "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>"),
		"transitions":      rule(all + "<Transition><Days>0</Days><StorageClass>WARM</StorageClass></Transition><Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition><Expiration><Days>91</Days></Expiration>"),
		"by date":          rule(all + "<Transition><Date>2030-01-01T00:00:00.000Z</Date><StorageClass>WARM</StorageClass></Transition><Expiration><Date>2030-01-02T00:00:00Z</Date></Expiration>"),
		"midnight by zone": rule(all + "<Expiration><Date>2030-01-01T08:00:00+08:00</Date></Expiration>"),
		"noncurrent move":  rule(all + "<NoncurrentVersionTransition><NoncurrentDays>0</NoncurrentDays><StorageClass>WARM</StorageClass><NewerNoncurrentVersions>3</NewerNoncurrentVersions></NoncurrentVersionTransition><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"),
		"awkward texts":    rule("<Filter><And><Prefix>a&amp;b &lt;ü/</Prefix><Tag><Key> k\t</Key><Value>]]&gt;&#13;</Value></Tag></And></Filter><Expiration><Days>1</Days></Expiration>"),
		"disabled":         document("<Rule><ID>x</ID><Status>Disabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>"),
		"pretty":           "<?xml version=\"1.0\"?>\n<!-- ours -->\n" + document("\n  <Rule>\n <ID>a</ID>\n  <Status>Enabled</Status>\n <Filter>\n </Filter>\n <Expiration>\n <Days> 3 </Days>\n </Expiration>\n</Rule>\n"),
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse([]byte(rules.String()))
			if err != nil {
				t.Fatalf("what was written cannot be read: %v\n%s", err, rules)
			}
			if !reflect.DeepEqual(rules, again) || again.String() != rules.String() {
				t.Fatalf("written as\n%s\nread as\n%s", rules, again)
			}
		})
	}
}

func TestParseKeepsTheShapeOfFilters(t *testing.T) {
	for _, filter := range []string{
		"<Filter></Filter>", "<Filter><Prefix></Prefix></Filter>", "<Filter><Prefix>a</Prefix></Filter>",
		"<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>",
		"<Filter><And><Prefix></Prefix><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan></And></Filter>",
		"<Filter><And><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>c</Key><Value>d</Value></Tag></And></Filter>",
		"<Prefix></Prefix>",
	} {
		rules, err := Parse([]byte(rule(filter + "<Expiration><Days>1</Days></Expiration>")))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(rules.String(), filter) {
			t.Errorf("%s reads as %s", filter, rules)
		}
	}
}

func TestParseNamesRules(t *testing.T) {
	one := "<Rule><Status>Enabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>"
	rules, err := Parse([]byte(document(one, one)))
	if err != nil || len(rules) != 2 || rules[0].ID == "" || rules[0].ID == rules[1].ID {
		t.Fatalf("%+v, %v", rules, err)
	}
}

func TestParseRefuses(t *testing.T) {
	const days = "<Expiration><Days>1</Days></Expiration>"
	tag := "<Tag><Key>k</Key><Value>v</Value></Tag>"
	var many []string
	for i := range MaxRules + 1 {
		many = append(many, fmt.Sprintf("<Rule><ID>%d</ID><Status>Enabled</Status><Filter/>%s</Rule>", i, days))
	}
	if _, err := Parse([]byte(document(many[:MaxRules]...))); err != nil {
		t.Fatal(err)
	}
	move := func(when, tier string) string {
		return "<Transition>" + when + "<StorageClass>" + tier + "</StorageClass></Transition>"
	}
	for name, c := range map[string]struct {
		text string
		want *errs.Error
	}{
		"nothing":             {"", ErrMalformed},
		"no XML":              {"{}", ErrMalformed},
		"cut off":             {"<LifecycleConfiguration><Rule>", ErrMalformed},
		"two documents":       {rule(all+days) + rule(all+days), ErrMalformed},
		"text behind":         {rule(all+days) + "x", ErrMalformed},
		"document type":       {`<!DOCTYPE a [<!ENTITY b "c">]>` + rule(all+days), ErrMalformed},
		"another document":    {"<Tagging/>", ErrMalformed},
		"another namespace":   {`<LifecycleConfiguration xmlns="urn:x"><Rule/></LifecycleConfiguration>`, ErrMalformed},
		"no rule":             {document(), ErrMalformed},
		"too many rules":      {document(many...), ErrMalformed},
		"too deep":            {rule(strings.Repeat("<a>", 10) + strings.Repeat("</a>", 10)), ErrMalformed},
		"unknown element":     {rule(all + days + "<Why/>"), ErrMalformed},
		"text in a rule":      {rule(all + days + "why"), ErrMalformed},
		"two expirations":     {rule(all + days + days), ErrMalformed},
		"no filter":           {rule(days), ErrMalformed},
		"filter and prefix":   {rule(all + "<Prefix/>" + days), ErrMalformed},
		"no status":           {document("<Rule><ID>a</ID><Filter/>" + days + "</Rule>"), ErrMalformed},
		"other status":        {document("<Rule><Status>enabled</Status><Filter/>" + days + "</Rule>"), ErrMalformed},
		"no action":           {rule(all), ErrRefused},
		"long ID":             {document("<Rule><ID>" + strings.Repeat("ü", 256) + "</ID><Status>Enabled</Status><Filter/>" + days + "</Rule>"), ErrInvalid},
		"same ID":             {document(many[0], many[0]), ErrInvalid},
		"two conditions":      {rule("<Filter><Prefix>a</Prefix>" + tag + "</Filter>" + days), ErrMalformed},
		"and with one":        {rule("<Filter><And><Prefix>a</Prefix></And></Filter>" + days), ErrMalformed},
		"and in and":          {rule("<Filter><And><And/>" + tag + "</And></Filter>" + days), ErrMalformed},
		"same tag":            {rule("<Filter><And>" + tag + tag + "</And></Filter>" + days), ErrRefused},
		"tag without value":   {rule("<Filter><Tag><Key>k</Key></Tag></Filter>" + days), ErrMalformed},
		"tag without key":     {rule("<Filter><Tag><Key></Key><Value/></Tag></Filter>" + days), ErrInvalid},
		"long tag":            {rule("<Filter><Tag><Key>" + strings.Repeat("k", 129) + "</Key><Value/></Tag></Filter>" + days), ErrInvalid},
		"long tag value":      {rule("<Filter><Tag><Key>k</Key><Value>" + strings.Repeat("k", 257) + "</Value></Tag></Filter>" + days), ErrInvalid},
		"long prefix":         {rule("<Filter><Prefix>" + strings.Repeat("k", 1025) + "</Prefix></Filter>" + days), ErrInvalid},
		"negative size":       {rule("<Filter><ObjectSizeGreaterThan>-1</ObjectSizeGreaterThan></Filter>" + days), ErrInvalid},
		"smaller than 0":      {rule("<Filter><ObjectSizeLessThan>0</ObjectSizeLessThan></Filter>" + days), ErrInvalid},
		"no size between":     {rule("<Filter><And><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><ObjectSizeLessThan>5</ObjectSizeLessThan></And></Filter>" + days), ErrRefused},
		"expires never":       {rule(all + "<Expiration/>"), ErrMalformed},
		"expires not":         {rule(all + "<Expiration><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration>"), ErrMalformed},
		"zero days":           {rule(all + "<Expiration><Days>0</Days></Expiration>"), ErrInvalid},
		"negative days":       {rule(all + "<Expiration><Days>-1</Days></Expiration>"), ErrInvalid},
		"half a day":          {rule(all + "<Expiration><Days>0.5</Days></Expiration>"), ErrMalformed},
		"very many days":      {rule(all + "<Expiration><Days>2147483648</Days></Expiration>"), ErrMalformed},
		"days and date":       {rule(all + "<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>"), ErrMalformed},
		"days and markers":    {rule(all + "<Expiration><Days>1</Days><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"), ErrMalformed},
		"markers maybe":       {rule(all + "<Expiration><ExpiredObjectDeleteMarker>maybe</ExpiredObjectDeleteMarker></Expiration>"), ErrMalformed},
		"no midnight":         {rule(all + "<Expiration><Date>2030-01-01T00:00:01Z</Date></Expiration>"), ErrInvalid},
		"midnight elsewhere":  {rule(all + "<Expiration><Date>2030-01-01T00:00:00+01:00</Date></Expiration>"), ErrInvalid},
		"no date":             {rule(all + "<Expiration><Date>tomorrow</Date></Expiration>"), ErrMalformed},
		"markers by tag":      {rule("<Filter>" + tag + "</Filter><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"), ErrRefused},
		"noncurrent never":    {rule(all + "<NoncurrentVersionExpiration/>"), ErrMalformed},
		"noncurrent at 0":     {rule(all + "<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>"), ErrInvalid},
		"keep 0":              {rule(all + "<NoncurrentVersionExpiration><NewerNoncurrentVersions>0</NewerNoncurrentVersions></NoncurrentVersionExpiration>"), ErrInvalid},
		"keep 101":            {rule(all + "<NoncurrentVersionExpiration><NewerNoncurrentVersions>101</NewerNoncurrentVersions></NoncurrentVersionExpiration>"), ErrInvalid},
		"keep, old":           {rule("<Prefix/><NoncurrentVersionExpiration><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>"), ErrRefused},
		"abort at 0":          {rule(all + "<AbortIncompleteMultipartUpload><DaysAfterInitiation>0</DaysAfterInitiation></AbortIncompleteMultipartUpload>"), ErrInvalid},
		"abort never":         {rule(all + "<AbortIncompleteMultipartUpload/>"), ErrMalformed},
		"abort by tag":        {rule("<Filter>" + tag + "</Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>"), ErrRefused},
		"move nowhere":        {rule(all + "<Transition><Days>1</Days></Transition>"), ErrMalformed},
		"move never":          {rule(all + move("", "WARM")), ErrMalformed},
		"move before":         {rule(all + move("<Days>-1</Days>", "WARM")), ErrInvalid},
		"move to no name":     {rule(all + move("<Days>1</Days>", "warm")), ErrInvalid},
		"move to STANDARD":    {rule(all + move("<Days>1</Days>", "STANDARD")), ErrInvalid},
		"move twice":          {rule(all + move("<Days>1</Days>", "WARM") + move("<Days>2</Days>", "WARM")), ErrInvalid},
		"move when expired":   {rule(all + move("<Days>1</Days>", "WARM") + days), ErrInvalid},
		"date when expired":   {rule(all + move("<Date>2030-01-01T00:00:00Z</Date>", "WARM") + "<Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>"), ErrInvalid},
		"mixed":               {rule(all + move("<Date>2030-01-01T00:00:00Z</Date>", "WARM") + days), ErrRefused},
		"mixed moves":         {rule(all + move("<Date>2030-01-01T00:00:00Z</Date>", "WARM") + move("<Days>1</Days>", "COLD")), ErrRefused},
		"noncurrent nowhere":  {rule(all + "<NoncurrentVersionTransition><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionTransition>"), ErrMalformed},
		"noncurrent no when":  {rule(all + "<NoncurrentVersionTransition><StorageClass>WARM</StorageClass></NoncurrentVersionTransition>"), ErrMalformed},
		"noncurrent too late": {rule(all + "<NoncurrentVersionTransition><NoncurrentDays>1</NoncurrentDays><StorageClass>WARM</StorageClass></NoncurrentVersionTransition><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"), ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := Parse([]byte(c.text))
			if !errors.Is(err, c.want) {
				t.Fatalf("%v, %v; want %s", rules, err, c.want.Code)
			}
		})
	}
}

func TestValidateRefusesWhatXMLCannotHold(t *testing.T) {
	for _, r := range []Rule{
		{ID: "a\x01", Expiration: Expiration{Days: 1}},
		{ID: "a", Filter: Filter{Prefix: "\x02"}, Expiration: Expiration{Days: 1}},
		{ID: "a", Filter: Filter{Tags: map[string]string{"k": "\xff"}}, Expiration: Expiration{Days: 1}},
	} {
		if err := (Rules{r}).validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rule(all + "<Expiration><Days>1</Days></Expiration>"))
	f.Add(rule("<Filter><And><Prefix>x</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter><Transition><Days>1</Days><StorageClass>A</StorageClass></Transition>"))
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := Parse([]byte(text))
		if err != nil {
			return
		}
		again, err := Parse([]byte(rules.String()))
		if err != nil || !reflect.DeepEqual(rules, again) {
			t.Fatalf("%q\nread as %+v\nand then as %+v, %v", text, rules, again, err)
		}
	})
}
