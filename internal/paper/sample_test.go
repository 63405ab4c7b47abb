package paper

import (
	"fmt"
	"time"
)

// words returns the English or the Spanish text.
type words bool

const (
	english words = false
	spanish words = true
)

func (es words) say(en, sp string) string {
	if es {
		return sp
	}
	return en
}

func (es words) lang() string { return es.say("en-US", "es-US") }

func (es words) frame(title string, blocks ...Block) Document {
	return Document{
		Lang: es.lang(), Title: title, Author: "Larkspur Health",
		Accent: [3]uint8{0x2B, 0x5F, 0xA8}, LogoText: "Larkspur Health",
		Masthead: []string{"12 Meadow Lane, Suite 300", "Fairhaven, OH 45000", "555-0142"},
		Created:  time.Date(2026, 12, 3, 15, 4, 5, 0, time.UTC),
		Blocks:   blocks,
		Footer: es.say("Larkspur Health · Questions? Call 555-0142, Monday to Friday, 8 a.m. to 6 p.m.",
			"Larkspur Health · ¿Preguntas? Llame al 555-0142, de lunes a viernes, de 8 a. m. a 6 p. m."),
		PageFormat: es.say("Page {page} of {pages}", "Página {page} de {pages}"),
	}
}

// receipt is a payment receipt on one page.
func receipt(es words) Document {
	return es.frame(es.say("Receipt K7Q-M4T-2X9P", "Recibo K7Q-M4T-2X9P"),
		Heading{1, es.say("Payment received", "Recibimos su pago")},
		Paragraph{Text: es.say("Thank you, María Nuñez. This is your receipt. You do not need to do anything else.",
			"Gracias, María Nuñez. Este es su recibo. No tiene que hacer nada más.")},
		Highlights{
			{es.say("Amount paid", "Importe pagado"), "$245.00"},
			{es.say("Confirmation number", "Número de confirmación"), "K7Q-M4T-2X9P"},
		},
		Facts{
			{es.say("Paid on", "Fecha del pago"), es.say("December 3, 2026 at 10:04 a.m. Eastern", "3 de diciembre de 2026, 10:04 a. m., hora del Este")},
			{es.say("Paid with", "Forma de pago"), es.say("Visa card ending in 4242", "Tarjeta Visa terminada en 4242")},
			{es.say("Paid to", "Pagado a"), "Larkspur Health Medical Group, LLC"},
		},
		Heading{2, es.say("What this payment was for", "Para qué fue este pago")},
		Table{
			Summary: es.say("The bills this payment was applied to", "Las facturas a las que se aplicó este pago"),
			Columns: []Column{{Head: es.say("Bill", "Factura")}, {Head: es.say("Date of service", "Fecha del servicio")}, {es.say("Paid", "Pagado"), End}, {es.say("Still open", "Queda por pagar"), End}},
			Rows: [][]string{
				{es.say("Office visit, Dr. Ada Quill\nFor María Nuñez · Bill 100-2231", "Consulta, Dra. Ada Quill\nPara María Nuñez · Factura 100-2231"), es.say("October 14, 2026", "14 de octubre de 2026"), "$45.00", "$0.00"},
				{es.say("Physical therapy\nFor Nguyễn Thị Bích · Bill 100-2298", "Fisioterapia\nPara Nguyễn Thị Bích · Factura 100-2298"), es.say("October 21, 2026", "21 de octubre de 2026"), "$200.00", "$112.50"},
			},
			Total: []string{es.say("Total", "Total"), "", "$245.00", "$112.50"},
		},
		Callout{es.say("$112.50 is still open on bill 100-2298", "Quedan $112.50 por pagar de la factura 100-2298"),
			es.say("It is due on December 28, 2026. You can pay it any time at pay.larkspur.example.",
				"Vence el 28 de diciembre de 2026. Puede pagarlo cuando quiera en pay.larkspur.example.")},
		Heading{2, es.say("For your HSA or FSA", "Para su cuenta HSA o FSA")},
		Facts{
			{es.say("Patient", "Paciente"), "María Nuñez"},
			{es.say("Provider", "Proveedor"), es.say("Ada Quill, MD, Larkspur Health Medical Group", "Dra. Ada Quill, Larkspur Health Medical Group")},
			{es.say("Date of service", "Fecha del servicio"), es.say("October 14, 2026", "14 de octubre de 2026")},
			{es.say("Service", "Servicio"), es.say("Office visit", "Consulta médica")},
			{es.say("You paid after insurance", "Usted pagó después del seguro"), "$45.00"},
		},
		Paragraph{Quiet: true, Text: es.say("Keep this receipt. Your HSA or FSA may ask you for it to show that the expense qualifies.",
			"Guarde este recibo. Es posible que su cuenta HSA o FSA se lo pida para demostrar que el gasto califica.")},
	)
}

// bill is a bill with so many lines.
func bill(es words, lines int) Document {
	visits := [][2]string{{"Office visit", "Consulta médica"}, {"Blood test, complete panel", "Análisis de sangre, panel completo"}, {"Chest X-ray", "Radiografía de tórax"}, {"Physical therapy, 45 minutes", "Fisioterapia, 45 minutos"}}
	var rows [][]string
	for i := range lines {
		v := visits[i%len(visits)]
		rows = append(rows, []string{
			fmt.Sprintf("%s\n%s", es.say(v[0], v[1]), es.say(fmt.Sprintf("October %d, 2026", 1+i%28), fmt.Sprintf("%d de octubre de 2026", 1+i%28))),
			"$180.00", "$120.00", "$30.00", "$30.00",
		})
	}
	amount := func(each int) string {
		if t := each * lines; t >= 1000 {
			return fmt.Sprintf("$%d,%03d.00", t/1000, t%1000)
		}
		return fmt.Sprintf("$%d.00", each*lines)
	}
	return es.frame(es.say("Bill 100-2231 for María Nuñez", "Factura 100-2231 de María Nuñez"),
		Heading{1, es.say("Your bill", "Su factura")},
		Paragraph{Text: es.say("For care María Nuñez received from Larkspur Health Medical Group in October 2026.",
			"Por la atención que María Nuñez recibió de Larkspur Health Medical Group en octubre de 2026.")},
		Highlights{
			{es.say("You owe", "Usted debe"), amount(30)},
			{es.say("Due by", "Pague antes del"), es.say("December 28, 2026", "28 de diciembre de 2026")},
			{es.say("Bill number", "Número de factura"), "100-2231"},
		},
		Heading{2, es.say("What you are paying for", "Lo que está pagando")},
		Table{
			Summary: es.say("Each service with what was charged and what you owe", "Cada servicio, lo que se cobró y lo que usted debe"),
			Columns: []Column{{Head: es.say("Service", "Servicio")}, {es.say("Charged", "Cobrado"), End}, {es.say("Your plan paid", "Pagó su plan"), End}, {es.say("Adjustments", "Ajustes"), End}, {es.say("Your share", "Su parte"), End}},
			Rows:    rows,
			Total:   []string{es.say("Total", "Total"), amount(180), amount(120), amount(30), amount(30)},
		},
		Heading{2, es.say("Ways to pay", "Formas de pagar")},
		QR{Content: "https://pay.larkspur.example/p/7KQ2-M4TX",
			Alt:   es.say("QR code that opens this bill's payment page", "Código QR que abre la página de pago de esta factura"),
			Title: es.say("Scan to pay, or enter your pay code", "Escanee para pagar o escriba su código de pago"), Code: "7KQ2-M4TX",
			Text: es.say("Point your phone's camera at the square. You do not need an account.", "Apunte la cámara de su teléfono al cuadro. No necesita una cuenta."),
			Link: "https://pay.larkspur.example/p/7KQ2-M4TX", LinkText: "pay.larkspur.example"},
		Facts{
			{es.say("By phone", "Por teléfono"), es.say("Call 555-0142, day or night. Have your bill number ready.", "Llame al 555-0142, a cualquier hora, con su número de factura a mano.")},
			{es.say("By mail", "Por correo"), es.say("Send a check to Larkspur Health, P.O. Box 100, Fairhaven, OH 45000. Write 100-2231 on it.", "Envíe un cheque a Larkspur Health, P.O. Box 100, Fairhaven, OH 45000. Escriba 100-2231 en él.")},
		},
		Callout{es.say("Is this hard to pay?", "¿Le resulta difícil pagar?"),
			es.say("You may qualify for free or lower-cost care, or pay over time without interest. Ask before the due date: call 555-0142 or go to pay.larkspur.example/help.",
				"Quizá pueda recibir atención gratuita o de menor costo, o pagar a plazos sin intereses. Pregunte antes del vencimiento: 555-0142 o pay.larkspur.example/help.")},
	)
}
