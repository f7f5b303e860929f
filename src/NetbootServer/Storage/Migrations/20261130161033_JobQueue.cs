using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class JobQueue : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_jobs_State",
                table: "jobs");

            migrationBuilder.RenameColumn(
                name: "Lane",
                table: "jobs",
                newName: "ActiveKey");

            migrationBuilder.RenameColumn(
                name: "Image",
                table: "jobs",
                newName: "Subject");

            migrationBuilder.RenameIndex(
                name: "IX_jobs_Lane",
                table: "jobs",
                newName: "IX_jobs_ActiveKey");

            migrationBuilder.AddColumn<string>(
                name: "Input",
                table: "jobs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "Unattended",
                table: "jobs",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            // Before, this was known by who asked.
            migrationBuilder.Sql("""
                UPDATE jobs SET Unattended = 1 WHERE EndedAt IS NULL
                    AND AskedBy IN ('schedule', 'first start', 'scrub', 'first use', 'first request');
                """);

            migrationBuilder.CreateIndex(
                name: "IX_jobs_State_NotBefore",
                table: "jobs",
                columns: new[] { "State", "NotBefore" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_jobs_State_NotBefore",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "Input",
                table: "jobs");

            migrationBuilder.DropColumn(
                name: "Unattended",
                table: "jobs");

            migrationBuilder.RenameColumn(
                name: "Subject",
                table: "jobs",
                newName: "Image");

            migrationBuilder.RenameColumn(
                name: "ActiveKey",
                table: "jobs",
                newName: "Lane");

            migrationBuilder.RenameIndex(
                name: "IX_jobs_ActiveKey",
                table: "jobs",
                newName: "IX_jobs_Lane");

            migrationBuilder.CreateIndex(
                name: "IX_jobs_State",
                table: "jobs",
                column: "State");
        }
    }
}
