package telegramsim_test

import (
	"context"
	"fmt"
	"strings"

	"defenderline/bot/telegramsim"
)

// A person starts the bot, the bot asks, the person presses, and the bot answers.
func Example() {
	sim := telegramsim.New(telegramsim.Options{})
	defer sim.Close()
	bot, err := sim.AddBot("4242:secret", "line_bot")
	if err != nil {
		fmt.Println(err)
		return
	}
	ann, err := sim.AddPerson(telegramsim.User{FirstName: "Ann", LanguageCode: "es"})
	if err != nil {
		fmt.Println(err)
		return
	}
	phone := ann.With(bot)
	if _, err := phone.Start(""); err != nil {
		fmt.Println(err)
		return
	}

	call := func(method, params string) { // what the program under test does
		url := "http://sim/bot" + bot.Token() + "/" + method
		if _, err := sim.Client().Post(url, "application/json", strings.NewReader(params)); err != nil {
			fmt.Println(err)
		}
	}
	call("sendMessage", fmt.Sprintf(`{"chat_id":%d,"text":"Is it safe?","reply_markup":{"inline_keyboard":`+
		`[[{"text":"Yes","callback_data":"safe:yes"}]]}}`, phone.ID()))

	view, err := phone.Wait(context.Background(), func(v telegramsim.View) bool { return v.Shows("safe:yes") })
	fmt.Println(view.Last().Text, err)
	press, err := phone.Press("safe:yes")
	if err != nil {
		fmt.Println(err)
		return
	}
	call("answerCallbackQuery", `{"callback_query_id":"`+press.ID+`","text":"Thank you"}`)
	toast, err := press.Wait(context.Background())
	fmt.Println(toast.Text, err)
	// Output:
	// Is it safe? <nil>
	// Thank you <nil>
}
