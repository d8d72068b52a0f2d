"""Words of Moodle's exports in the languages of many of its users."""

from __future__ import annotations

import re
from collections.abc import Iterable

from intake.files.records import plain

# not translated: words to be read, as the language packs of Moodle have them
FIRST_NAME = set(
    "first name|vorname|nombre|prénom|nome|voornaam|nom|izena|prenume|förnamn|fornavn|vardas|imię|"
    "adı|имя|ім'я|名|이름".split("|")
)
LAST_NAME = set(
    "last name|surname|nachname|apellido(s)|apellidos|nom de famille|nom|cognome|achternaam|"
    "apelido|sobrenome|último nome|cognoms|apelidos|abizena(k)|nume de familie|efternamn|"
    "efternavn|etternavn|pavardė|nazwisko|soyadı|фамилия|прізвище|姓|성".split("|")
)
# columns with keys of people
KEYS = set(
    "id number|id-nummer|número de id|número de identificación|numéro d’identification|"
    "numéro d'identification|codice identificativo|nummer (id)|número de identificação (id)|"
    "número de identificação|número id|id zenbakia|număr id|id nummer|id-nummer|id numeris|"
    "numer id|id numarası|индивидуальный номер|індивідуальний номер|idナンバ|id 번호|学号|"
    "email address|email|e-mail-adresse|dirección de correo|correo electrónico|"
    "adresse de courriel|indirizzo email|e-mailadres|e-mail|endereço de email|"
    "adreça electrònica|enderezo de correo|helbide elektronikoa|adresa de e-mail|e-postadress|"
    "e-mailadresse|el. pašto adresas|adres e-mail|e-posta adresi|адрес электронной почты|"
    "електронна пошта|メールアドレス|이메일 주소|电子邮件地址|"
    "username|anmeldename|nombre de usuario|nom d’utilisateur|gebruikersnaam|"
    "nome de utilizador|nome de usuário|nom d'usuari|nome de usuario|erabiltzaile-izena|"
    "nume de utilizator|användarnamn|naudotojo vardas|nazwa użytkownika|kullanıcı adı|логин|"
    "ім’я входу|ユーザ名|사용자 아이디|用户名".split("|")
)
OTHERS = set(
    "institution|institución|istituzione|instituut|instituição|institució|erakundea|instituție|"
    "institucija|instytucja|kurum|учреждение (организация)|заклад|所属組織|기관|机构|"
    "department|abteilung|departamento|département|dipartimento|afdeling|departament|"
    "departamentua|avdelning|afdeling|skyrius|wydział|bölüm|отдел|відділ|部署|부서|系别|"
    "suspended|gesperrt|suspendido|suspendu|sospeso|geschorst|suspenso|suspès|suspensos|etenda|"
    "suspendat|spärrad|sulaikyta|askıya alınmış|заблокировано|заблокований|一時停止|유보된|已停用|"
    "groups|gruppen|grupos|groupes|gruppi|groepen|grups|taldeak|grupuri|grupper|gruplar|группы|"
    "групи|グループ|모둠|小组|city/town|country".split("|")
)
# when a gradebook was exported
EXPORTED = set(
    "last downloaded from this course|zuletzt aus diesem kurs geladen|"
    "última descarga de este curso|dernier téléchargement depuis ce cours|"
    "scaricamento più recente da questo corso|laatst gedownload van deze curus|"
    "laatst gedownload van deze cursus|última exportação desta disciplina|"
    "último download realizado neste curso|darrera descàrrega des d'aquest curs|"
    "último descargado dende este curso|azkenik jaitsi da ikastaro honetatik|"
    "ultima dată descărcat din acest curs|senast nedladdad från denna kurs|"
    "vėliausias atsiuntimas iš šio kurso|bu kursdan son olarak indirilenler|"
    "последние загруженные из этого курса|останні завантаження з цього курсу|"
    "このコースからの最新ダウンロード日時|最近从本课程下载的".split("|")
)
PEOPLE = FIRST_NAME | LAST_NAME | KEYS | OTHERS | EXPORTED
# how a gradebook shows grades
PERCENTAGE = set(
    "percentage|prozentsatz|porcentaje|pourcentage|percentuale|percentagem|porcentagem|"
    "percentatge|porcentaxe|ehunekoa|procentaj|procent|procentai|yüzde|проценты|відсоток|"
    "パーセンテージ|백분율|百分比".split("|")
)
POINTS = set(
    "real|punkte|brut|punteggio|reëel|erreala|reell|tikrasis|gerçek|значение|бали|実データ|"
    "실점수|分数".split("|")
)
NOT_POINTS = set(
    "letter|note|letra|lettre|graduatoria letterale|nota alfabética|lletra|literă|bokstav|"
    "raidė|harf|буква|文字|문자|分数段|"
    "feedback|rückmeldung|retroalimentación|retroacció|comentarios|feedbacka|återkoppling|"
    "atsiliepimas|geri bildirim|отзыв|коментар|відгук|フィードバック|피드백|反馈".split("|")
)
# totals of courses and categories
TOTAL = re.compile(
    r".* (total|gesamt|totaal|guztira|toplamı)|(total|totale|totalt|summa|toplam|итого) .*|"
    r"cursustotaal|categorietotaal|итоговая оценка .*|загальне .*|.* загалом|"
    r".*(コース|カテゴリ|课程|类别)?(合計|합계|总分)|category total.*|feedback:.*"
)
COMPLETED = set(
    "completed|complete|abgeschlossen|finalizado|completado|terminé|completato|voltooid|"
    "concluída|concluído|completada|osatuta|osatua|finalizat|completat|slutförd|baigtas|baigta|"
    "tamamlandı|выполнено|виконано|завершено|完了|완료함|완료됨|완료|已完成".split("|")
)
NOT_COMPLETED = set(
    "not completed|incomplete|nicht abgeschlossen|no finalizado|no completado|pas terminé|"
    "non terminé|non completato|niet voltooid|por concluir|não concluída|não concluído|"
    "no completada|sen completar|osatu gabea|nu este finalizat|nu este completat|ej slutförd|"
    "nebaigta|tamamlanmadı|не выполнено|не виконано|не завершено|未完了|완료되지 않음|未完成".split(
        "|"
    )
)
COURSE_COMPLETE = set(
    "course complete|kurs abschließen|kurs abgeschlossen|curso finalizado|cours terminé|"
    "criteri di completamento|cursus voltooid|disciplina concluída|curs complet|"
    "completado do curso|ikastaro-osaketa|curs finalizat|kurs slutförd|kurso baigimas|"
    "kurs tamamlama|курс завершен|курс завершено|コース完了|강좌 이수 완료|课程进度".split("|")
)


def keys_of_people(names: Iterable[str]) -> list[str]:
    """Return the columns that may identify a learner."""
    return [one for one in names if plain(one) in KEYS]


def state_word(text: str) -> str:
    """Return a state without its addition: “Completed (set by …)” is completed."""
    return re.split(r"[(（]", text)[0].strip(" :").casefold()
