import { texts } from "../../texts/i18n"

export const words = texts({
  ru: {
    title: "Настройки", sections: "Разделы", about: "Изменения действуют сразу после сохранения, без перезапуска.", readOnly: "Задаётся файлом настроек на сервере",
    save: "Сохранить", saved: "Настройки сохранены", undo: "Отменить правки", changed: "Есть несохранённые правки", stale: "Раздел изменил другой сотрудник. Ваши правки не потеряны: сверьте их с историей и сохраните ещё раз.",
    revert: (n: number) => `Вернуть настройки версии ${n}?`, revertText: "Нынешние останутся в истории.", returned: "Настройки возвращены", fix: "Исправьте отмеченные поля, затем сохраните",
  },
  en: {
    title: "Settings", sections: "Sections", about: "Changes hold as soon as they are saved, without a restart.", readOnly: "Set by the configuration file on the server",
    save: "Save", saved: "The settings are saved", undo: "Discard the edits", changed: "There are unsaved edits", stale: "Somebody else has changed the section. Your edits are not lost: compare them with the history and save again.",
    revert: (n: number) => `Return to the settings of version ${n}?`, revertText: "Those of now stay in the history.", returned: "The settings are back", fix: "Mend the marked fields, then save",
  },
})
