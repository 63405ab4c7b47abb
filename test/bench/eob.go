package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
)

// writeEOBs writes invented explanations of benefits in the shape of a synthetic-patient generator's bulk export: some
// services each, adjudicated line by line. No two rounds share a claim; each patient has about eight.
func writeEOBs(path string, round, n int) (size int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(uint64(round), 7))
	var line []byte
	for i := range n {
		line = eob(line[:0], r, round*n+i, (round*n+i)/8)
		size += int64(len(line))
		if _, err := w.Write(line); err != nil {
			return 0, errors.Join(err, f.Close())
		}
	}
	return size, errors.Join(w.Flush(), f.Close())
}

const (
	codes   = "https://bluebutton.cms.gov/resources/variables/"
	adjudic = "https://bluebutton.cms.gov/resources/codesystem/adjudication"
)

// service is one thing that can be on an EOB.
var eobServices = [][2]string{{"162673000", "General examination of patient (procedure)"}, {"430193006", "Medication reconciliation (procedure)"},
	{"710824005", "Assessment of health and social care needs (procedure)"}, {"433112001", "Percutaneous procedure on the left arm (procedure)"}}

// eob appends one EOB and a line end.
func eob(out []byte, r *rand.Rand, n, patient int) []byte {
	uuid := func(kind, n int) string {
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", n, kind, n%4096, kind, n*7919+kind)
	}
	month, day := 1+r.IntN(12), 1+r.IntN(28)
	when := fmt.Sprintf("2026-%02d-%02dT09:15:00+00:00", month, day)
	until := fmt.Sprintf("2026-%02d-%02dT09:45:00+00:00", month, day)
	who := "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|" + fmt.Sprint(9999900000+n%500)
	out = fmt.Appendf(out, `{"resourceType":"ExplanationOfBenefit","id":"%s","contained":[{"resourceType":"ServiceRequest","id":"referral","status":"completed","intent":"order","subject":{"reference":"Patient/%s"},"requester":{"reference":"%s"},"performer":[{"reference":"%s"}]},{"resourceType":"Coverage","id":"coverage","status":"active","type":{"text":"Larkspur Health Plan"},"beneficiary":{"reference":"Patient/%s"},"payor":[{"display":"Larkspur Health Plan"}]}],`,
		uuid(1, n), uuid(2, patient), who, who, uuid(2, patient))
	out = fmt.Appendf(out, `"identifier":[{"system":"%sclm_id","value":"%s"},{"system":"https://bluebutton.cms.gov/resources/identifier/claim-group","value":"99999999999"}],"status":"active","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},"use":"claim","patient":{"reference":"Patient/%s"},"billablePeriod":{"start":"%s","end":"%s"},"created":"%s","insurer":{"display":"Larkspur Health Plan"},"provider":{"reference":"%s"},"referral":{"reference":"#referral"},"facility":{"reference":"Location/%s","display":"Larkspur Clinic Riverside"},"claim":{"reference":"Claim/%s"},"outcome":"complete",`,
		codes, uuid(3, n), uuid(2, patient), when, until, when, who, uuid(4, n%50), uuid(3, n))
	out = fmt.Appendf(out, `"careTeam":[{"sequence":1,"provider":{"reference":"%s"},"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claimcareteamrole","code":"primary","display":"Primary Care Practitioner"}]}}],"insurance":[{"focal":true,"coverage":{"reference":"#coverage","display":"Larkspur Health Plan"}}],"item":[{"sequence":1,"category":{"coding":[{"system":"%sline_cms_type_srvc_cd","code":"1","display":"Medical care"}]},"productOrService":{"coding":[{"system":"http://snomed.info/sct","code":"185349003","display":"Encounter for check up (procedure)"}],"text":"Encounter for check up (procedure)"},"servicedPeriod":{"start":"%s","end":"%s"},"locationCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/ex-serviceplace","code":"19","display":"Off Campus-Outpatient Hospital"}]},"encounter":[{"reference":"Encounter/%s"}]}`,
		who, codes, when, until, uuid(5, n))
	total, paid := 0, 0
	for seq := range 1 + r.IntN(2) {
		charge := 4_000 + r.IntN(40_000)
		share := charge / 5
		total, paid = total+charge, paid+charge-share
		out = eobItem(out, seq+2, when, until, eobServices[r.IntN(len(eobServices))], charge, charge-share, share)
	}
	out = fmt.Appendf(out, `],"total":[{"category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/adjudication","code":"submitted","display":"Submitted Amount"}],"text":"Submitted Amount"},"amount":{"value":%s,"currency":"USD"}}],"payment":{"amount":{"value":%s,"currency":"USD"}}}`,
		dollars(total), dollars(paid))
	return append(out, '\n')
}

// eobItem appends one adjudicated service.
func eobItem(out []byte, seq int, when, until string, service [2]string, charge, paid, share int) []byte {
	out = fmt.Appendf(out, `,{"sequence":%d,"procedureSequence":[%d],"category":{"coding":[{"system":"%sline_cms_type_srvc_cd","code":"1","display":"Medical care"}]},"productOrService":{"coding":[{"system":"http://snomed.info/sct","code":"%s","display":"%s"}],"text":"%s"},"servicedPeriod":{"start":"%s","end":"%s"},"locationCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/ex-serviceplace","code":"19","display":"Off Campus-Outpatient Hospital"}]},"net":{"value":%s,"currency":"USD"},"adjudication":[`,
		seq, seq-1, codes, service[0], service[1], service[1], when, until, dollars(charge))
	for _, a := range []struct {
		code, text string
		cents      int
	}{{"line_coinsrnc_amt", "Line Beneficiary Coinsurance Amount", share}, {"line_prvdr_pmt_amt", "Line Provider Payment Amount", paid},
		{"line_sbmtd_chrg_amt", "Line Submitted Charge Amount", charge}, {"line_alowd_chrg_amt", "Line Allowed Charge Amount", charge},
		{"line_bene_ptb_ddctbl_amt", "Line Beneficiary Part B Deductible Amount", 0}} {
		out = fmt.Appendf(out, `{"category":{"coding":[{"system":"%s","code":"%s%s","display":"%s"}]},"amount":{"value":%s,"currency":"USD"}},`,
			adjudic, codes, a.code, a.text, dollars(a.cents))
	}
	return fmt.Appendf(out, `{"category":{"coding":[{"system":"%s","code":"%sline_prcsg_ind_cd","display":"Line Processing Indicator Code"}]}}]}`, adjudic, codes)
}

// dollars writes cents as JSON numbers of dollars.
func dollars(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
