using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class MachineVersion : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Version",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_machines_Version",
                table: "machines",
                column: "Version");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_machines_Version",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "Version",
                table: "machines");
        }
    }
}
