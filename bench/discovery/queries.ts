// What a model would ask for, and the tool that it means. Written by hand, from the task and not from the catalogue's
// words; the second half leaves the service out, or says it otherwise.

/** `question -> name of the tool`. */
const TEXT = `
open a new bug report on github -> github_create_issue
show me issue 42 in the repository -> github_get_issue
list open issues of a repo -> github_list_issues
search github issues for a crash -> github_search_issues
close an issue for good, delete it -> github_delete_issue
create a pull request -> github_create_pull_request
change the reviewer of a pull request -> github_update_pull_request
list pull requests -> github_list_pull_requests
publish a new release with notes -> github_create_release
which releases do we have -> github_list_releases
who changed this release -> github_get_history_of_release
show a failed CI workflow run -> github_get_workflow_run
list workflow runs -> github_list_workflow_runs
start a new sprint in jira -> jira_create_sprint
update the goal of the sprint -> jira_update_sprint
find epics about login -> jira_search_epics
archive a finished epic -> jira_archive_epic
schedule a calendar event with attendees -> calendar_create_event
move a meeting: update calendar event -> calendar_update_event
what events are on my calendar -> calendar_list_events
remove an event from the calendar -> calendar_delete_event
find a meeting room -> calendar_search_rooms
send an e-mail message: create mail -> mail_create_message
search my mail for a message -> mail_search_messages
archive an e-mail message -> mail_archive_message
add a mail filter rule that forwards -> mail_create_filter
list mail filters -> mail_list_filters
create a private chat channel -> chat_create_channel
share a chat channel with another team -> chat_share_channel
set a reminder in chat -> chat_create_reminder
delete the reminder -> chat_delete_reminder
add a new contact to the CRM -> crm_create_contact
look up the phone number of a contact -> crm_get_contact
find contacts by company name -> crm_search_contacts
update the stage of a deal -> crm_update_deal
list deals in the pipeline -> crm_list_deals
export all deals as csv -> crm_export_deals
show the customer account in crm -> crm_get_account
who edited this account: history -> crm_get_history_of_account
create an invoice for a customer -> billing_create_invoice
list invoices -> billing_list_invoices
export invoices to csv -> billing_export_invoices
change a subscription plan -> billing_update_subscription
cancel: delete a subscription -> billing_delete_subscription
issue a refund for a payment -> billing_create_refund
list refunds -> billing_list_refunds
make a discount coupon code -> billing_create_coupon
change the price of a product -> shop_update_product
find products in the shop -> shop_search_products
get an order with its status -> shop_get_order
export orders of the shop -> shop_export_orders
read reviews of buyers: list -> shop_list_reviews
delete an abusive review -> shop_delete_review
track a shipment by id -> warehouse_get_shipment
list shipments -> warehouse_list_shipments
update quantity of a stock item -> warehouse_update_stock_item
search stock items -> warehouse_search_stock_items
add a new employee -> hr_create_employee
find an employee by name -> hr_search_employees
request vacation: create leave request -> hr_create_leave_request
list leave requests -> hr_list_leave_requests
show my payslip -> hr_get_payslip
export payslips -> hr_export_payslips
post a new job opening -> recruiting_create_job_opening
archive a job opening that was filled -> recruiting_archive_job_opening
list candidates -> recruiting_list_candidates
share a candidate with another manager -> recruiting_share_candidate
write a new wiki page -> wiki_create_page
search the wiki pages -> wiki_search_pages
who changed this wiki page and when -> wiki_get_history_of_page
comment on a wiki page: new comment -> wiki_create_comment
upload a new file to the drive -> drive_create_file
share a file with someone -> drive_share_file
find a file in the drive -> drive_search_files
make a folder -> drive_create_folder
add a DNS TXT record -> dns_create_record
list dns records -> dns_list_records
delete a dns zone -> dns_delete_zone
start a new virtual machine server -> cloud_create_server
list cloud servers -> cloud_list_servers
delete the server for good -> cloud_delete_server
create a storage bucket -> cloud_create_bucket
give a team access to a bucket -> cloud_share_bucket
show details of a database instance -> cloud_get_database
resize: update the disk of a database -> cloud_update_database
new load balancer -> cloud_create_load_balancer
scale the replicas of a deployment: update -> kubernetes_update_deployment
list deployments in the cluster -> kubernetes_list_deployments
create a kubernetes secret -> kubernetes_create_secret
history of a secret: who changed it -> kubernetes_get_history_of_secret
define an alert with a threshold -> monitoring_create_alert
list alerts -> monitoring_list_alerts
get the dashboard with its charts -> monitoring_get_dashboard
share a dashboard -> monitoring_share_dashboard
declare a new incident -> oncall_create_incident
show the incident -> oncall_get_incident
find past incidents about an outage -> oncall_search_incidents
who is on duty: get the on-call schedule -> oncall_get_schedule
change the rotation of the schedule -> oncall_update_schedule
create a survey form with questions -> survey_create_form
export survey responses -> survey_export_responses
list the responses to a questionnaire -> survey_list_responses
book travel: new booking of a flight -> travel_create_booking
show my booking -> travel_get_booking
delete a hotel booking -> travel_delete_booking
apply for a visa: new visa -> travel_create_visa
submit an expense report -> finance_create_expense_report
list expense reports -> finance_list_expense_reports
export expense reports as json -> finance_export_expense_reports
put an old expense report away in the archive -> finance_archive_expense_report
file a bug -> github_create_issue
I need to reserve a meeting with two attendees -> calendar_create_event
what was the tracking number of that parcel -> warehouse_get_shipment
get rid of a discount code -> billing_delete_coupon
pay money back to a customer -> billing_create_refund
look for people who applied for the position -> recruiting_search_candidates
vacation days of my team -> hr_list_leave_requests
edit an article in the knowledge base -> wiki_update_page
see who modified the load balancer -> cloud_get_history_of_load_balancer
add a member of staff -> hr_create_employee
`;

/** One question with the tool that answers it. */
export interface DiscoveryQuery {
  readonly question: string;
  readonly tool: string;
}

/** The whole set. */
export const queries: readonly DiscoveryQuery[] = TEXT.trim()
  .split('\n')
  .map((line) => {
    const [question = '', tool = ''] = line.split(' -> ');
    return { question, tool };
  });
