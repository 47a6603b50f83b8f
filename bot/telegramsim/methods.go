package telegramsim

// handlers lists the simulated methods. What the table knows besides is answered "method not simulated".
func handlers() map[string]handler {
	return map[string]handler{
		"getMe":                  (*call).me,
		"logOut":                 (*call).yes,
		"close":                  (*call).yes,
		"getUpdates":             (*call).getUpdates,
		"setWebhook":             (*call).setWebhook,
		"deleteWebhook":          (*call).deleteWebhook,
		"getWebhookInfo":         (*call).getWebhookInfo,
		"sendMessage":            (*call).sendMessage,
		"sendDocument":           (*call).sendDocument,
		"sendPhoto":              (*call).sendPhoto,
		"sendVoice":              (*call).sendVoice,
		"sendChatAction":         (*call).sendChatAction,
		"copyMessage":            (*call).copyMessage,
		"forwardMessage":         (*call).forwardMessage,
		"editMessageText":        (*call).editMessageText,
		"editMessageCaption":     (*call).editMessageCaption,
		"editMessageReplyMarkup": (*call).editMessageReplyMarkup,
		"deleteMessage":          (*call).deleteMessage,
		"deleteMessages":         (*call).deleteMessages,
		"pinChatMessage":         (*call).pinChatMessage,
		"answerCallbackQuery":    (*call).answerCallbackQuery,
		"getFile":                (*call).getFile,
		"getChat":                (*call).getChat,
		"leaveChat":              (*call).leaveChat,
		"setMyCommands":          (*call).setMyCommands,
		"getMyCommands":          (*call).getMyCommands,
		"deleteMyCommands":       (*call).deleteMyCommands,
		"setMyName":              profileText("name", 64).set,
		"getMyName":              profileText("name", 64).get,
		"setMyDescription":       profileText("description", 512).set,
		"getMyDescription":       profileText("description", 512).get,
		"setMyShortDescription":  profileText("short_description", 120).set,
		"getMyShortDescription":  profileText("short_description", 120).get,
		"setChatMenuButton":      (*call).setChatMenuButton,
		"getChatMenuButton":      (*call).getChatMenuButton,
	}
}

func (c *call) yes() (any, *Error) { return true, nil }
