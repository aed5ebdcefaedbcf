package directory

import (
	"net/mail"
	"regexp"
	"strconv"
)

// checks tell what is wrong with a text, "" if nothing.
var checks = map[Check]func(string) string{
	CheckINN:    fault(ValidINN, "неверный ИНН: 10 или 12 цифр, контрольные цифры должны сойтись"),
	CheckOGRN:   fault(ValidOGRN, "неверный ОГРН или ОГРНИП: 13 или 15 цифр, контрольная цифра должна сойтись"),
	CheckKPP:    fault(kppForm.MatchString, "неверный КПП: 9 знаков"),
	CheckEmail:  fault(validEmail, "неверный адрес электронной почты"),
	CheckCode:   fault(codeForm.MatchString, "латинские буквы, цифры, точка, - и _"),
	CheckDigits: fault(digitsForm.MatchString, "только цифры"),
}

// A КПП has the code of the tax office (4 digits), the reason (2 digits or
// capital Latin letters) and a number (3 digits): order of the tax service
// ММВ-7-6/435@ of 29.06.2012.
var (
	kppForm    = regexp.MustCompile(`^[0-9]{4}[0-9A-Z]{2}[0-9]{3}$`)
	codeForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	digitsForm = regexp.MustCompile(`^[0-9]{1,64}$`)
)

func fault(valid func(string) bool, text string) func(string) string {
	return func(value string) string {
		if valid(value) {
			return ""
		}
		return text
	}
}

// ValidINN proves the check digits of an ИНН: one of an organisation's ten, two
// of a person's twelve.
func ValidINN(inn string) bool {
	if !digitsForm.MatchString(inn) {
		return false
	}
	switch len(inn) {
	case 10:
		return innDigit(inn, []int{2, 4, 10, 3, 5, 9, 4, 6, 8})
	case 12:
		return innDigit(inn, []int{7, 2, 4, 10, 3, 5, 9, 4, 6, 8}) && innDigit(inn, []int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8})
	}
	return false
}

// innDigit proves the digit behind those that have a weight.
func innDigit(inn string, weights []int) bool {
	sum := 0
	for i, w := range weights {
		sum += w * int(inn[i]-'0')
	}
	return sum%11%10 == int(inn[len(weights)]-'0')
}

// ValidOGRN proves the last digit of an ОГРН (13 digits) or ОГРНИП (15): the
// rest of the number before it by 11 or 13, its last digit.
func ValidOGRN(ogrn string) bool {
	by := map[int]uint64{13: 11, 15: 13}[len(ogrn)]
	if by == 0 || !digitsForm.MatchString(ogrn) {
		return false
	}
	number, err := strconv.ParseUint(ogrn[:len(ogrn)-1], 10, 64)
	return err == nil && number%by%10 == uint64(ogrn[len(ogrn)-1]-'0')
}

func validEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text
}
