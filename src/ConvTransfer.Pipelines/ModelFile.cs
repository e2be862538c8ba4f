using ConvTransfer.Core;
using ConvTransfer.Onnx;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>Judges model files.</summary>
public static class ModelFile
{
    /// <summary>Everything that is wrong with a file, and everything that is odd: structure, types, operators that are not supported, and the plan. Nothing is run.</summary>
    /// <param name="path">The ONNX file; external data is looked for in its folder.</param>
    /// <param name="limits">The limits; null for the default ones.</param>
    /// <returns>The problems; the model can be run when none of them is an error.</returns>
    public static ProblemList Check(string path, Limits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        limits ??= Limits.Default;
        try
        {
            return ModelCheck.Check(OnnxFile.Read(path, limits), limits);
        }
        catch (ConvTransferException e)
        {
            var problems = new ProblemList();
            foreach (var problem in e.Problems) problems.Add(problem);
            return problems;
        }
    }
}
