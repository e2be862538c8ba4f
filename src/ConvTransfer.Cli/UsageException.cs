namespace ConvTransfer.Cli;

/// <summary>The command line asks for something that cannot be: exit code 2.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Calls the API with what the user gave; a wrong argument is then wrong usage and not a fault of the program.</summary>
    /// <exception cref="UsageException">The API refused an argument.</exception>
    public static T Of<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (ArgumentException e)
        {
            // The base library puts the parameter's name behind the message, which means nothing on a command line.
            int parameter = e.ParamName is null ? -1 : e.Message.LastIndexOf($" (Parameter '{e.ParamName}')", StringComparison.Ordinal);
            throw new UsageException(parameter < 0 ? e.Message : e.Message[..parameter], e);
        }
    }
}
