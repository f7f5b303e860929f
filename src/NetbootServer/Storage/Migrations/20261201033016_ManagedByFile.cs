using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class ManagedByFile : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "ManagedBy",
                table: "profiles",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ManagedBy",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ManagedBy",
                table: "images",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ManagedBy",
                table: "profiles");

            migrationBuilder.DropColumn(
                name: "ManagedBy",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "ManagedBy",
                table: "images");
        }
    }
}
